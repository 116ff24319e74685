"""Rejections, changes and refunds of orders: read from the events, which are their only rows."""

from collections.abc import Sequence
from uuid import UUID

from schemas.events import EVENT_CONTENT
from schemas.notices import Notice, Notices
from store.connection import Connection
from store.pool import statement


async def load_notices(connection: Connection, order_ids: Sequence[UUID], *, event_type: str) -> dict[UUID, Notices]:
    """All events of this type of these orders."""
    found: dict[UUID, Notices] = {}
    for row in await connection.fetch(statement("events_of_orders"), order_ids, event_type):
        notice = Notice(row["event_id"], row["arrived_at"], EVENT_CONTENT.validate_python(row["content"]))
        found[row["order_id"]] = found.get(row["order_id"], Notices()).with_notice(notice)
    return found
