"""What the console reads of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from schemas.arrival import Coordinates
from schemas.identity import order_id
from store.connection import Connection
from store.endpoints import HUB_SOURCE
from store.pool import statement

Rows = list[asyncpg.Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What is None holds for all."""

    order_no: str | None = None
    ticket_number: str | None = None
    pnr: str | None = None
    passenger: str | None = None
    source: str | None = None
    updated_since: datetime | None = None
    attention: bool | None = None
    before: tuple[datetime, UUID] | tuple[None, None] = (None, None)
    state: str | None = None


async def search_orders(connection: Connection, wanted: OrderFilter, *, limit: int) -> Rows:
    """One page, the latest change first."""
    return await connection.fetch(
        statement("console_orders_search"),
        wanted.order_no,
        wanted.ticket_number,
        wanted.pnr,
        wanted.passenger,
        wanted.source,
        wanted.updated_since,
        wanted.attention,
        *wanted.before,
        wanted.state,
        limit,
    )


async def orders_of_number(connection: Connection, order_no: str) -> Rows:
    """(order_id, source) of every order of this number; order_id is None where only parked events tell of it."""
    return await connection.fetch(statement("console_orders_by_number"), order_no)


async def order_ids_of_number(connection: Connection, order_no: str) -> list[UUID]:
    """Ids of the orders of this number, made-up orders of test callbacks included."""
    found = [row["order_id"] for row in await orders_of_number(connection, order_no) if row["order_id"] is not None]
    return [*found, order_id(HUB_SOURCE, order_no)]


async def read_order(connection: Connection, order: UUID) -> tuple[asyncpg.Record | None, Rows, Rows, Rows]:
    """The order, its passengers, void cases and notices: of one moment if the transaction is repeatable."""
    return (
        await connection.fetchrow(statement("console_order"), order),
        await connection.fetch(statement("console_order_passengers"), order),
        await connection.fetch(statement("console_order_voids"), order),
        await connection.fetch(statement("console_order_notices"), order),
    )


@dataclass(frozen=True, slots=True)
class Cut:
    """Up to when one looks at an order; with `place`, its partition counts up to that offset, whatever the times."""

    moment: datetime
    place: Coordinates | None = None

    def arguments(self) -> tuple[datetime, str | None, int | None, int | None]:
        if self.place is None:
            return self.moment, None, None, None
        return self.moment, self.place.topic, self.place.partition, self.place.offset


async def cut_at_place(connection: Connection, order: UUID, place: Coordinates) -> Cut | None:
    """As of the order's last arrival at or before this offset; None when nothing of it lies on the partition."""
    moment = await connection.fetchval(
        statement("console_order_place"), order, place.topic, place.partition, place.offset
    )
    return None if moment is None else Cut(moment, place)


async def places_of_order(connection: Connection, order: UUID) -> Rows:
    """Where its arrivals lie: topic, partition, first and last offset."""
    return await connection.fetch(statement("console_order_places"), order)


async def events_until(connection: Connection, order: UUID, cut: Cut) -> Rows:
    """What had been said of the order by then: event_id, content, arrived_at, and known_at, when it was taken."""
    return await connection.fetch(statement("console_order_then"), order, *cut.arguments())


async def read_timeline(
    connection: Connection,
    order: UUID,
    *,
    order_no: str,
    source: str,
    after: Sequence[Any],
    limit: int,
    cut: Cut | None = None,
) -> Rows:
    """One page, from the beginning on; `after` is (at, rank, id) of the last entry seen, or three times None."""
    until = (None, None, None, None) if cut is None else cut.arguments()
    return await connection.fetch(statement("console_order_timeline"), order, order_no, source, *after, *until, limit)
