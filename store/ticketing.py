"""The tickets of orders: loaded as the fold of their ticketed events, saved as the rows that hold now."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from uuid import UUID

from schemas.events import EVENT_CONTENT, OrderTicketed, Passenger
from schemas.ticketing import TicketedVersion, Ticketing
from schemas.topics import EventType
from store.connection import Connection
from store.pool import statement, written

_PASSENGER_FIELDS = (
    *("name", "kind", "birthday", "gender", "document_number", "document_type", "document_issued_by"),
    *("document_expires", "nationality", "extra"),
)
"""Columns of the same names."""

_passenger_fields = attrgetter(*_PASSENGER_FIELDS)

_PARTS: tuple[tuple[str, str, Callable[[Passenger], Iterable[str | bytes]]], ...] = (
    ("tickets", "ticket_number", lambda passenger: passenger.ticket_numbers),
    ("pnrs", "locator", lambda passenger: passenger.pnrs),
    ("ancillaries", "content", lambda passenger: map(written, passenger.ancillaries)),  # a null is a value here
)
"""What a passenger has a list of: the table, its column, and the list."""


@dataclass(frozen=True, slots=True)
class TicketingRow:
    """One locked order's next state. `is_new`: it has no rows yet; `refill`: its passengers are others now."""

    order_id: UUID
    version: int
    is_new: bool
    refill: bool
    ticketing: Ticketing


async def load_ticketing(connection: Connection, order_ids: Sequence[UUID]) -> dict[UUID, Ticketing]:
    """All ticketed events of these orders."""
    found: dict[UUID, Ticketing] = {}
    for row in await connection.fetch(statement("events_of_orders"), order_ids, EventType.TICKETED.value):
        content = EVENT_CONTENT.validate_python(row["content"])
        if isinstance(content, OrderTicketed):
            version = TicketedVersion(row["event_id"], row["arrived_at"], content)
            found[row["order_id"]] = found.get(row["order_id"], Ticketing()).with_version(version)
    return found


async def save_ticketing(connection: Connection, rows: Sequence[TicketingRow]) -> None:
    """Write the orders' rows, whole; the orders must be locked."""
    presents = [row.ticketing.present for row in rows]
    await connection.execute(
        statement("orders_set_ticketing"),
        [row.order_id for row in rows],
        [row.version for row in rows],
        [None if present is None else present.event_id for present in presents],
        [None if present is None else present.arrived_at for present in presents],
        ["" if present is None else present.content.customer for present in presents],
        [" ".join(row.ticketing.attention) for row in rows],
    )
    if stale := [row.order_id for row in rows if row.refill and not row.is_new]:
        await connection.execute(statement("passengers_delete"), stale)
    await _insert_fill(
        connection,
        [
            (row.order_id, position, passenger)
            for row, present in zip(rows, presents, strict=True)
            if row.refill and present is not None
            for position, passenger in enumerate(present.content.passengers)
        ],
    )


async def _insert_fill(connection: Connection, fill: Sequence[tuple[UUID, int, Passenger]]) -> None:
    if not fill:
        return
    await connection.copy_records_to_table(
        "passengers",
        columns=("order_id", "passenger", *_PASSENGER_FIELDS),
        records=[(order_id, place, *_passenger_fields(passenger)) for order_id, place, passenger in fill],
    )
    for table, column, parts_of in _PARTS:
        parts = [
            (order_id, place, position, part)
            for order_id, place, passenger in fill
            for position, part in enumerate(parts_of(passenger))
        ]
        if parts:
            columns = ("order_id", "passenger", "position", column)
            await connection.copy_records_to_table(table, columns=columns, records=parts)
