"""/api/v1/orders: what is known of an order, now or as of then."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from console.as_of import AsOf, read_cut
from console.context import Here
from console.masking import masked
from console.moments import MomentOrBack
from console.order_lookup import OfSource, OrderNo, no_order, resolve_order
from console.order_then import order_then
from console.paging import Page, write_cursor
from console.texts import Text
from store import console_orders as table

router = APIRouter(prefix="/orders", tags=["orders"])

OrderState = Literal["ticketed", "not-ticketed", "void-in-progress", "voided"]


class OrderQuery(Page):
    order_no: Text | None = None
    ticket_number: Text | None = None
    pnr: Text | None = Field(None, description="the airline's record locator")
    passenger: Text | None = Field(None, description="how a passenger's name begins, in any case")
    source: Text | None = None
    state: OrderState | None = None
    attention: bool | None = Field(None, description="only orders that a person should look at, or only others")
    updated_since: MomentOrBack | None = None


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


class ShownMoment(BaseModel):
    moment: datetime
    place: str | None = Field(description="topic/partition/offset, if one was asked for")
    events: int = Field(description="how many had been said by then")
    applied_later: list[UUID] = Field(description="those of them that had arrived, and were taken only after it")


class ShownOrder(BaseModel):
    order_no: str
    source: str
    state: OrderState
    customer: str
    attention: list[str]
    version: int | None = Field(None, description="number of changes so far; null: as of then")
    ticketed_event: UUID | None
    ticketed_at: datetime | None
    created_at: datetime | None = Field(None, description="null: as of then")
    updated_at: datetime | None = Field(None, description="null: as of then")
    passengers: list[ShownPassenger]
    void_cases: list[ShownVoidCase]
    notices: list[ShownNotice] = Field(description="rejections, changes and refunds, by arrival")
    callbacks: dict[str, int] | None = Field(None, description="number of callbacks by state; null: as of then")
    as_of: ShownMoment | None = Field(None, description="null: it is the present state")


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


@router.get("/{order_no:path}")
async def get(console: Here, order_no: OrderNo, source: OfSource = None, as_of: AsOf = None) -> ShownOrder:
    """The state of one order: now, or as of then, when it is worked out from what had been said of it. Personal data is
    masked."""
    async with (
        console.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        order, source = await resolve_order(connection, order_no, source, only_applied=True)
        if as_of is not None:
            cut = await read_cut(connection, order, as_of)
            then = order_then(await table.events_until(connection, order, cut), cut)
            return ShownOrder.model_validate(masked({"order_no": order_no, "source": source, **then}))
        row, passengers, voids, notices = await table.read_order(connection, order)
    if row is None:
        raise no_order(order_no)
    return ShownOrder(
        **row,
        passengers=[ShownPassenger(**masked(dict(passenger))) for passenger in passengers],
        void_cases=[ShownVoidCase(**case) for case in voids],
        notices=[ShownNotice(**{**notice, "content": masked(notice["content"])}) for notice in notices],
    )
