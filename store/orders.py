"""Orders: locked for one transaction, written for the first time, and their version moved on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from schemas.wire_forms import WireForms
from store.connection import Connection, Writes
from store.owing import context_bucket, only_named
from store.pool import statement


@dataclass(frozen=True, slots=True)
class OrderName:
    """An order in its source's words."""

    source: str
    order_no: str


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """An order that nobody else changes until the transaction ends; `is_new`: that did not exist when it was to be
    locked."""

    order_id: UUID
    version: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as its first batch leaves it. The last four are of its present ticketed event."""

    order_id: UUID
    name: OrderName
    version: int
    ticketed_event: UUID | None = None
    ticketed_at: datetime | None = None
    customer: str = ""
    attention: Sequence[str] = ()


class CreatedMeanwhile(asyncpg.SerializationError):
    """Somebody else created an order that was new to us. The transaction is to be run again; it will find the order."""


async def lock_orders(
    connection: Connection, names: Mapping[UUID, OrderName], wire_forms: WireForms
) -> dict[UUID, LockedOrder]:
    """Lock those that exist. To be called in a transaction, first thing.

    The others are new, but nobody is kept from creating them until `insert_orders`. If any endpoint's callbacks depend
    on contexts, nobody stores one of these orders, new ones too, until the transaction ends. Without that an event and
    its order's context, each not seeing the other yet, would leave a named channel untold.
    """
    ids = sorted(names)
    buckets = sorted({context_bucket(name.order_no) for name in names.values()})
    rows = await connection.fetch(statement("orders_lock_with_contexts"), ids, buckets, only_named(wire_forms))
    known = {row["order_id"]: LockedOrder(row["order_id"], row["version"], is_new=False) for row in rows}
    return {order_id: known.get(order_id) or LockedOrder(order_id, 0, is_new=True) for order_id in ids}


async def insert_orders(connection: Connection, orders: Iterable[NewOrder]) -> None:
    """Write these orders, which did not exist when they were to be locked, before any other row; from here on they are
    locked too. Raises CreatedMeanwhile."""
    ordered = sorted(orders, key=lambda order: order.order_id)
    try:
        await connection.execute(
            statement("orders_insert"),
            [order.order_id for order in ordered],
            [order.name.source for order in ordered],
            [order.name.order_no for order in ordered],
            [order.version for order in ordered],
            [order.ticketed_event for order in ordered],
            [order.ticketed_at for order in ordered],
            [order.customer for order in ordered],
            [" ".join(order.attention) for order in ordered],
        )
    except asyncpg.UniqueViolationError as error:
        raise CreatedMeanwhile("an order was created by another transaction meanwhile") from error


async def set_versions(writes: Writes, versions: Iterable[tuple[UUID, int]]) -> None:
    """Move orders to these versions; the orders must be locked."""
    ids, numbers = zip(*versions, strict=True)
    await writes.execute(statement("orders_set_version"), ids, numbers)
