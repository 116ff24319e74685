"""Keyset paging: a page is found by where the last one ended, so it costs the same however deep it lies."""

import base64
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from runtime.errors import InvalidRequest

Place = tuple[datetime, UUID] | tuple[None, None]


class Page(BaseModel):
    """The questions every list understands. Closed: a misspelt filter must not show everything."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=500, description="entries of one page at the most")
    cursor: str | None = Field(None, max_length=400, description="next_cursor of the page before; none: the first page")

    def place(self) -> Place:
        """(time, id) of the last entry of the page before; twice None for the first page."""
        if self.cursor is None:
            return None, None
        moment, number = read_cursor(self.cursor, count=2)
        try:
            return read_time(moment, self.cursor), UUID(str(number))
        except ValueError:
            raise _not_ours(self.cursor) from None


def write_cursor(*parts: object) -> str:
    """An opaque cursor of these parts (times, ids, numbers, texts)."""
    return base64.urlsafe_b64encode(orjson.dumps(parts, default=str)).decode().rstrip("=")


def read_cursor(cursor: str, *, count: int) -> Sequence[object]:
    """The parts of a cursor; raises InvalidRequest for anything that is none of ours."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except ValueError:
        raise _not_ours(cursor) from None
    if not isinstance(parts, list) or len(parts) != count:
        raise _not_ours(cursor)
    return parts


def read_time(part: object, cursor: str) -> datetime:
    """A time with its zone, from a cursor."""
    try:
        moment = datetime.fromisoformat(str(part))
    except ValueError:
        raise _not_ours(cursor) from None
    if moment.tzinfo is None:
        raise _not_ours(cursor)
    return moment


def _not_ours(cursor: str) -> InvalidRequest:
    return InvalidRequest(
        f"cursor is none that this API gave out: {cursor[:40]!r}", hint="use next_cursor of the page before, unchanged"
    )
