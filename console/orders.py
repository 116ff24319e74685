"""/api/v1/orders: what is known of an order, and how it came to be."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from console.context import Here
from console.masking import masked
from console.paging import Moment, Page, read_cursor, read_time, write_cursor
from console.texts import Text
from runtime.errors import Conflict, InvalidRequest, NotFound
from schemas.identity import order_id
from store import console_orders as table

router = APIRouter(prefix="/orders", tags=["orders"])

OrderState = Literal["ticketed", "not-ticketed", "void-in-progress", "voided"]
OrderNo = Annotated[Text, Path(description="the order number in the source's words")]


class OrderQuery(Page):
    order_no: Text | None = None
    ticket_number: Text | None = None
    pnr: Text | None = Field(None, description="the airline's record locator")
    passenger: Text | None = Field(None, description="how a passenger's name begins, in any case")
    source: Text | None = None
    state: OrderState | None = None
    attention: bool | None = Field(None, description="only orders that a person should look at, or only others")
    updated_since: Moment | None = None


class ListedOrder(BaseModel):
    order_no: str
    source: str
    state: OrderState
    customer: str
    passengers: int
    tickets: int
    attention: list[str] = Field(description="why a person should look at it; empty: nobody need")
    version: int = Field(description="number of changes so far")
    ticketed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OrderPage(BaseModel):
    orders: list[ListedOrder]
    next_cursor: str | None = Field(description="null: this is the last page")


class ShownPassenger(BaseModel):
    name: str
    kind: str
    birthday: str = Field(description="masked")
    gender: str
    document_number: str = Field(description="masked")
    document_type: str
    document_issued_by: str
    document_expires: str = Field(description="masked")
    nationality: str
    ticket_numbers: list[str]
    pnrs: list[str]
    ancillaries: list[Any]
    extra: dict[str, Any] = Field(description="what the source sent beyond our fields; values are masked")


class SaidVoidStatus(BaseModel):
    status: int
    message: str
    arrived_at: datetime
    event_id: UUID


class ShownVoidCase(BaseModel):
    void_code: str
    status: int
    message: str
    status_at: datetime
    contradicted: bool = Field(description="closing statuses of different kinds were said of it")
    history: list[SaidVoidStatus] = Field(description="every status that was said, by arrival")


class ShownNotice(BaseModel):
    type: str
    event_id: UUID
    arrived_at: datetime
    content: dict[str, Any] = Field(description="what was said; personal values are masked")


class ShownOrder(BaseModel):
    order_no: str
    source: str
    state: OrderState
    customer: str
    attention: list[str]
    version: int
    ticketed_event: UUID | None
    ticketed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    passengers: list[ShownPassenger]
    void_cases: list[ShownVoidCase]
    notices: list[ShownNotice] = Field(description="rejections, changes and refunds, by arrival")
    callbacks: dict[str, int] = Field(description="number of callbacks by state")


class TimelineEntry(BaseModel):
    at: datetime
    kind: Literal["arrival", "event", "change", "parked", "callback", "attempt", "attempt-under-way"]
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


@router.get("")
async def search(console: Here, query: Annotated[OrderQuery, Query()]) -> OrderPage:
    """Orders, the latest change first."""
    filters = query.model_dump(exclude={"limit", "cursor"})
    wanted = table.OrderFilter(before=query.place(), **filters)
    async with console.pool.acquire() as connection:
        rows = await table.search_orders(connection, wanted, limit=query.limit + 1)
    page = rows[: query.limit]
    more = write_cursor(page[-1]["updated_at"], page[-1]["order_id"]) if len(rows) > query.limit else None
    return OrderPage(orders=[ListedOrder(**row) for row in page], next_cursor=more)


# Order numbers are the sources' own words and may hold slashes: the path of the timeline must come first.
@router.get("/{order_no:path}/timeline")
async def timeline(console: Here, order_no: OrderNo, query: Annotated[TimelineQuery, Query()]) -> Timeline:
    """Everything that happened to one order, in one order: arrivals, events, changes, callbacks, attempts, parked."""
    after = _timeline_place(query.cursor)
    async with console.pool.acquire() as connection:
        order, source = await _resolve(connection, order_no, query.source, only_applied=False)
        rows = await table.read_timeline(
            connection, order, order_no=order_no, source=source, after=after, limit=query.limit + 1
        )
    page = rows[: query.limit]
    more = write_cursor(*(page[-1][name] for name in ("at", "rank", "id"))) if len(rows) > query.limit else None
    entries = [TimelineEntry(at=r["at"], kind=r["kind"], id=r["id"], entry=masked(r["entry"])) for r in page]
    return Timeline(order_no=order_no, source=source, entries=entries, next_cursor=more)


@router.get("/{order_no:path}")
async def get(
    console: Here,
    order_no: OrderNo,
    source: Annotated[Text | None, Query(description="needed when sources share the order number")] = None,
) -> ShownOrder:
    """The present state of one order. Personal data is masked."""
    async with (
        console.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        order, _ = await _resolve(connection, order_no, source, only_applied=True)
        row, passengers, voids, notices = await table.read_order(connection, order)
    if row is None:
        raise _no_order(order_no)
    return ShownOrder(
        **row,
        passengers=[ShownPassenger(**masked(dict(passenger))) for passenger in passengers],
        void_cases=[ShownVoidCase(**case) for case in voids],
        notices=[ShownNotice(**{**notice, "content": masked(notice["content"])}) for notice in notices],
    )


async def _resolve(connection: Any, order_no: str, source: str | None, *, only_applied: bool) -> tuple[UUID, str]:
    """The order's id and source; raises NotFound, or Conflict when the number names orders of several sources."""
    found = await table.orders_of_number(connection, order_no)
    rows = [row for row in found if source is None or row["source"] == source]
    applied = [row for row in rows if row["order_id"] is not None]
    if only_applied and rows and not applied:
        raise NotFound(
            f"order {order_no!r} is known by parked events only",
            hint=f"see: ticketwire parked list --order {order_no}",
        )
    candidates = applied if only_applied else rows
    if not candidates:
        raise _no_order(order_no, source)
    if len(candidates) > 1:
        names = ", ".join(row["source"] for row in candidates)
        raise Conflict(
            f"several sources have an order {order_no!r}: {names}", hint="say which one: ?source=… (or --source)"
        )
    name = candidates[0]["source"]
    return candidates[0]["order_id"] or order_id(name, order_no), name


def _no_order(order_no: str, source: str | None = None) -> NotFound:
    of = f" of source {source!r}" if source else ""
    return NotFound(f"there is no order {order_no!r}{of}", hint="see: ticketwire order list")


def _timeline_place(cursor: str | None) -> tuple[Any, Any, Any]:
    if cursor is None:
        return None, None, None
    moment, rank, entry = read_cursor(cursor, count=3)
    if not isinstance(rank, int) or not 0 <= rank <= 100 or not isinstance(entry, str):
        raise InvalidRequest("cursor is none that this API gave out", hint="use next_cursor of the page before")
    return read_time(moment, cursor), rank, entry
