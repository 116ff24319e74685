"""The tickets of orders: loaded as the fold of their ticketed events, saved as the rows that hold now."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from schemas.events import EVENT_CONTENT, OrderTicketed, Passenger
from schemas.ticketing import TicketedVersion, Ticketing
from schemas.topics import EventType
from store.connection import Connection, Writes
from store.pool import statement, written

_OF_A_PASSENGER = attrgetter(
    "name",
    "kind",
    "birthday",
    "gender",
    "document_number",
    "document_type",
    "document_issued_by",
    "document_expires",
    "nationality",
    "extra",
)
"""The columns of passengers_insert.sql, after the order and the place in it."""


class TicketingRow(NamedTuple):
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


async def save_ticketing(connection: Connection, rows: Sequence[TicketingRow], *, writes: Writes | None = None) -> None:
    """Write the orders' rows, whole, by `writes` if that is given; what they replace goes at once. The orders must be
    locked."""
    writes = writes or connection
    presents = [row.ticketing.present for row in rows]
    await writes.execute(
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
        writes,
        [
            (row.order_id, position, passenger)
            for row, present in zip(rows, presents, strict=True)
            if row.refill and present is not None
            for position, passenger in enumerate(present.content.passengers)
        ],
    )


async def _insert_fill(writes: Writes, fill: Sequence[tuple[UUID, int, Passenger]]) -> None:
    if not fill:
        return
    order_ids, places, passengers = zip(*fill, strict=True)
    columns = zip(*map(_OF_A_PASSENGER, passengers), strict=True)
    await writes.execute(statement("passengers_insert"), order_ids, places, *columns)
    parts_by_statement: tuple[tuple[str, Sequence[Sequence[str]]], ...] = (
        ("tickets_insert", [passenger.ticket_numbers for passenger in passengers]),
        ("pnrs_insert", [passenger.pnrs for passenger in passengers]),
        ("ancillaries_insert", [[written(a).decode() for a in passenger.ancillaries] for passenger in passengers]),
    )
    for name, values in parts_by_statement:
        parts = [
            (order_id, place, position, value)
            for (order_id, place, _), listed in zip(fill, values, strict=True)
            for position, value in enumerate(listed)
        ]
        if parts:
            await writes.execute(statement(name), *map(list, zip(*parts, strict=True)))
