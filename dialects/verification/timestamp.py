"""A signed timestamp must be near the time of arrival, so that a recorded request cannot be sent again later."""

import re
from datetime import datetime

from dialects.contract import NotAuthentic

_EPOCH_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)


def check_timestamp(text: str, *, now: datetime, tolerance_seconds: int) -> None:
    """Raise NotAuthentic unless `text` is whole epoch seconds, at most the tolerance before or after `now`."""
    if _EPOCH_SECONDS.fullmatch(text) is None:
        raise NotAuthentic("the signed timestamp is not in whole seconds since 1970")
    distance = now.timestamp() - int(text)
    if abs(distance) > tolerance_seconds:
        side = "behind" if distance > 0 else "ahead"
        raise NotAuthentic(f"the signed timestamp is {abs(distance):.0f} s {side}, more than {tolerance_seconds} s")
