"""What the console reads of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

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


async def read_timeline(
    connection: Connection,
    order: UUID,
    *,
    order_no: str,
    source: str,
    after: Sequence[Any],
    limit: int,
) -> Rows:
    """One page, from the beginning on; `after` is (at, rank, id) of the last entry seen, or three times None."""
    return await connection.fetch(statement("console_order_timeline"), order, order_no, source, *after, limit)
