"""Moments as operators give them: RFC 3339 with its zone, or back from now, such as -2h."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_BACK = re.compile(r"-(\d{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMS = (
    "write RFC 3339 with its zone, such as 2026-03-01T12:00:00Z, or back from now, such as -90s, -30m, -2h, -7d, -2w"
)


def resolve(text: str, *, now: datetime) -> datetime:
    """The moment, in UTC; raises ValueError that says which forms there are."""
    back = _BACK.fullmatch(text)
    try:
        if back:
            return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no moment; {_FORMS}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text[:40]!r} has no zone; {_FORMS}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is beyond the calendar") from None


def _now(given: object) -> datetime:
    if not isinstance(given, str):
        raise ValueError(f"it is no text; {_FORMS}")  # noqa: TRY004 - what pydantic makes a message of
    return resolve(given, now=datetime.now(UTC))


MomentOrBack = Annotated[
    datetime,
    BeforeValidator(_now),
    WithJsonSchema({"type": "string", "description": "RFC 3339 with its zone, or back from now, such as -2h"}),
]
"""What is relative is so to the moment of the call."""
