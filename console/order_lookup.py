"""From an order number, as people have it, to the one order that is meant."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from console.texts import Text
from runtime.errors import Conflict, NotFound
from schemas.identity import order_id
from store.connection import Connection
from store.console_orders import orders_of_number

OrderNo = Annotated[Text, Path(description="the order number in the source's words")]
OfSource = Annotated[Text | None, Query(description="needed when sources share the order number")]


async def resolve_order(
    connection: Connection, order_no: str, source: str | None, *, only_applied: bool
) -> tuple[UUID, str]:
    """The order's id and source; raises NotFound, or Conflict when the number names orders of several sources."""
    found = await orders_of_number(connection, order_no)
    rows = [row for row in found if source is None or row["source"] == source]
    applied = [row for row in rows if row["order_id"] is not None]
    if only_applied and rows and not applied:
        raise NotFound(
            f"order {order_no!r} is known by parked events only",
            hint=f"see: ticketwire parked list --order {order_no}",
        )
    candidates = applied if only_applied else rows
    if not candidates:
        raise no_order(order_no, source)
    if len(candidates) > 1:
        names = ", ".join(row["source"] for row in candidates)
        raise Conflict(
            f"several sources have an order {order_no!r}: {names}", hint="say which one: ?source=… (or --source)"
        )
    name = candidates[0]["source"]
    return candidates[0]["order_id"] or order_id(name, order_no), name


def no_order(order_no: str, source: str | None = None) -> NotFound:
    of = f" of source {source!r}" if source else ""
    return NotFound(f"there is no order {order_no!r}{of}", hint="see: ticketwire order list")
