"""A partner's `Retry-After` (RFC 9110, 10.2.3), as seconds."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d{1,12}(\.\d{0,9})?")


def retry_after_seconds(value: str, *, now: datetime, maximum_seconds: float) -> float:
    """Seconds or an HTTP date; fractions are taken, what is neither counts as nothing. Between 0 and the maximum."""
    text = value.strip()
    wanted = float(text) if _SECONDS.fullmatch(text) else _until(text, now)
    return min(max(wanted, 0.0), maximum_seconds) if math.isfinite(wanted) else 0.0


def _until(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0.0
