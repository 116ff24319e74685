"""The rows of orders of which a processor writes nothing but the version."""

from collections.abc import Sequence
from typing import Any

from processors.contract import Applied
from store.connection import Connection, Writes
from store.orders import NewOrder, insert_orders, set_versions


async def save_versions(connection: Connection, applied: Sequence[Applied[Any]], *, writes: Writes) -> None:
    """Insert the orders that are new, and move the versions of the others on, by `writes`."""
    if new := [NewOrder(order.order_id, order.name, order.version) for order in applied if order.is_new]:
        await insert_orders(connection, new)
    if known := [(order.order_id, order.version) for order in applied if not order.is_new]:
        await set_versions(writes, known)
