"""Orders: locked for one transaction, and their version moved on."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from schemas.wire_forms import WireForms
from store.connection import Connection, Writes
from store.owing import context_bucket, only_named
from store.pool import statement


class OrderName(NamedTuple):
    """An order in its source's words."""

    source: str
    order_no: str


class LockedOrder(NamedTuple):
    """An order that nobody else changes until the transaction ends. `is_new`: it did not exist before."""

    order_id: UUID
    version: int
    is_new: bool


async def lock_orders(
    connection: Connection, names: Mapping[UUID, OrderName], wire_forms: WireForms
) -> dict[UUID, LockedOrder]:
    """Create those that do not exist, lock them all. To be called in a transaction, first thing.

    Nobody stores a context of these orders until the transaction ends, if any endpoint's callbacks depend on it: an
    event and its order's context, each not seeing the other yet, would leave a named channel untold.
    """
    ids = sorted(names, key=attrgetter("int"))  # as Postgres sorts them; Python's own comparison is slow
    created = await connection.fetch(
        statement("orders_insert"),
        ids,
        [names[i].source for i in ids],
        [names[i].order_no for i in ids],
        sorted({context_bucket(name.order_no) for name in names.values()}),
        only_named(wire_forms),
    )
    locked = {row["order_id"]: LockedOrder(row["order_id"], 0, is_new=True) for row in created}
    existing = [order_id for order_id in ids if order_id not in locked]
    if existing:
        for row in await connection.fetch(statement("orders_lock"), existing):
            locked[row["order_id"]] = LockedOrder(row["order_id"], row["version"], is_new=False)
    return locked


async def set_versions(writes: Writes, versions: Iterable[tuple[UUID, int]]) -> None:
    """Move orders to these versions; the orders must be locked."""
    ids, numbers = zip(*versions, strict=True)
    await writes.execute(statement("orders_set_version"), ids, numbers)
