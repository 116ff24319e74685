"""Times and dates as the sample writes them, and those that may be read (datacentre-ticket-order.md, inconsistency 13).

The document states no time zone: the writer's is a partner setting, the reader keeps texts as they came.
"""

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_EPOCH = re.compile(r"([0-9]{10})(?:[0-9]{3})?(?:\.0+)?", re.ASCII)
_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?", re.ASCII)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_CHINA = timezone(timedelta(hours=8))
"""For a date that comes as an epoch time: the party's own country, since the document says nothing."""


def to_second(moment: datetime, zone: ZoneInfo) -> str:
    """The form of the order's three times; a moment without a zone is local already."""
    return f"{_local(moment, zone):%Y-%m-%d %H:%M:%S}"


def to_minute(moment: datetime, zone: ZoneInfo) -> str:
    """The form of flight times."""
    return f"{_local(moment, zone):%Y-%m-%d %H:%M}"


def dashed(date: str) -> str | None:
    """`YYYY-MM-DD` of an event's date, or None when it is none."""
    found = _COMPACT.fullmatch(date) or _WRITTEN.fullmatch(date)
    return "-".join(found.groups()) if found else None


def compact(date: str) -> str:
    """A received date as events have it, YYYYMMDD; what is no date in any accepted form, as it came."""
    if epoch := _EPOCH.fullmatch(date):
        return f"{datetime.fromtimestamp(int(epoch[1]), _CHINA):%Y%m%d}"
    found = _WRITTEN.fullmatch(date)
    return "".join(found.groups()) if found else date


def is_time(text: str) -> bool:
    """Whether a received text is in a form that the reader accepts."""
    return (_EPOCH.fullmatch(text) or _WRITTEN.fullmatch(text)) is not None


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(zone)
