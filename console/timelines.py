"""/api/v1/orders/{order_no}/timeline: everything that happened to one order, to be read, and to be kept as evidence."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from console.as_of import read_cut
from console.context import Here
from console.masking import masked
from console.order_lookup import OrderNo, resolve_order
from console.paging import Page, read_cursor, read_time, write_cursor
from console.texts import Text
from runtime.errors import InvalidRequest
from runtime.signing import public_keys, sign
from runtime.version import CODE_VERSION
from schemas.timeline_chain import ChainWriter, signed_message
from store.connection import Connection
from store.console_orders import Cut, read_timeline

router = APIRouter(tags=["orders"])

EXPORT_MEDIA_TYPE = "application/x-ndjson"
EXPORT_ENTRIES = 50_000
_PAGE_ENTRIES = 2_000

_KNOWN_LATER: dict[str, tuple[str, tuple[str, ...]]] = {
    "run": ("finished_at", ("state", "started_at", "finished_at", "error")),
    "arrival": ("processed_at", ("verdict", "code_version", "processed_at", "run_id")),
    "event": ("first_seen_at", ("first_seen_at",)),
    "parked": (
        "settled_at",
        ("state", "settled_at", "settled_reason", "run_id", "redrive_count", "last_failed_at"),
    ),
    "callback": ("finished_at", ("state", "attempts", "due_at", "replay", "outcome", "finished_at")),
    "attempt": ("finished_at", ("outcome", "stage", "error", "detail", "status", "finished_at")),
}
"""Rows are kept up to date: what an entry tells of later, and the field that says since when it is so."""


class TimelineEntry(BaseModel):
    at: datetime
    kind: Literal[
        "action", "run", "arrival", "event", "change", "parked", "callback", "attempt", "attempt-under-way"
    ] = Field(description="of the same moment, in this order: by what causes what")
    id: str
    entry: dict[str, Any]


class Timeline(BaseModel):
    order_no: str
    source: str
    entries: list[TimelineEntry]
    next_cursor: str | None = Field(description="null: nothing more has happened")


class TimelineQuery(Page):
    source: Text | None = Field(None, description="needed when sources share the order number")
    limit: int = Field(500, ge=1, le=2000, description="entries of one page at the most")
    as_of: Text | None = Field(None, description="only what had happened then: as for the order itself")
    export: Literal["chain"] | None = Field(
        None, description="chain: all of it as JSON lines, chained by hashes and signed; without pages"
    )


class SigningKeys(BaseModel):
    keys: list[str] = Field(description="Ed25519 public keys, in hex; the first one signs, all may have signed")


# Order numbers are the sources' own words and may hold slashes: this path must come before the order's own.
@router.get(
    "/orders/{order_no:path}/timeline",
    responses={200: {"content": {EXPORT_MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    response_model=Timeline,
)
async def timeline(console: Here, order_no: OrderNo, query: Annotated[TimelineQuery, Query()]) -> Timeline | Response:
    """Everything that happened to one order, in one order: operators' actions and runs, arrivals, events, changes, what
    is parked, callbacks and attempts. Personal data is masked."""
    after = _timeline_place(query.cursor)
    async with (
        console.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        order, source = await resolve_order(connection, order_no, query.source, only_applied=False)
        cut = None if query.as_of is None else await read_cut(connection, order, query.as_of)
        story = _Story(connection, order, order_no, source, cut)
        if query.export is not None:
            content = await _export(story, console.settings.encryption_keys)
            return Response(content, media_type=EXPORT_MEDIA_TYPE)
        rows = await story.page(after, limit=query.limit + 1)
    page = rows[: query.limit]
    more = write_cursor(*_place(page[-1])) if len(rows) > query.limit else None
    entries = [TimelineEntry(**_entry(row, cut)) for row in page]
    return Timeline(order_no=order_no, source=source, entries=entries, next_cursor=more)


@router.get("/timeline-keys")
async def timeline_keys(console: Here) -> SigningKeys:
    """By which exported timelines are signed: give them to whoever shall check one, by another way than the file."""
    return SigningKeys(keys=public_keys(console.settings.encryption_keys))


class _Story:
    """One order's timeline, in the caller's transaction."""

    def __init__(self, connection: Connection, order: UUID, order_no: str, source: str, cut: Cut | None) -> None:
        self.order_no, self.source, self.cut = order_no, source, cut
        self._connection, self._order = connection, order

    async def page(self, after: Sequence[Any], *, limit: int) -> list[asyncpg.Record]:
        return await read_timeline(
            self._connection,
            self._order,
            order_no=self.order_no,
            source=self.source,
            after=after,
            limit=limit,
            cut=self.cut,
        )

    async def rows(self) -> AsyncIterator[asyncpg.Record]:
        after: Sequence[Any] = (None, None, None)
        while page := await self.page(after, limit=_PAGE_ENTRIES):
            for row in page:
                yield row
            after = _place(page[-1])


async def _export(story: _Story, keys: Sequence[Any]) -> bytes:
    cut = story.cut
    chain = ChainWriter(
        {
            "order_no": story.order_no,
            "source": story.source,
            "exported_at": datetime.now(UTC).isoformat(),
            "as_of": None if cut is None else cut.moment.isoformat(),
            "code_version": CODE_VERSION,
            "personal_data": "masked",
        }
    )
    lines = [chain.begin()]
    async for row in story.rows():
        if chain.entries == EXPORT_ENTRIES:
            raise InvalidRequest(
                f"the timeline has more than {EXPORT_ENTRIES} entries", hint="export it in part, with as_of"
            )
        entry = _entry(row, cut)
        lines.append(chain.add({**entry, "at": entry["at"].isoformat()}))
    key, signature = sign(signed_message(chain.hash), keys)
    return b"".join([*lines, chain.end(key=key, signature=signature)])


def _entry(row: asyncpg.Record, cut: Cut | None) -> dict[str, Any]:
    entry = dict(row["entry"])
    if cut is not None and row["kind"] in _KNOWN_LATER:
        known_at, later = _KNOWN_LATER[row["kind"]]
        if entry[known_at] is None or datetime.fromisoformat(entry[known_at]) > cut.moment:
            entry = {name: value for name, value in entry.items() if name not in later}
    return {"at": row["at"], "kind": row["kind"], "id": row["id"], "entry": masked(entry)}


def _place(row: asyncpg.Record) -> tuple[datetime, int, str]:
    return row["at"], row["rank"], row["id"]


def _timeline_place(cursor: str | None) -> tuple[Any, Any, Any]:
    if cursor is None:
        return None, None, None
    moment, rank, entry = read_cursor(cursor, count=3)
    if not isinstance(rank, int) or not 0 <= rank <= 100 or not isinstance(entry, str):
        raise InvalidRequest("cursor is none that this API gave out", hint="use next_cursor of the page before")
    return read_time(moment, cursor), rank, entry
