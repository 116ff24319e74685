"""Callbacks under a lease, as a publisher's claim leaves them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

SHOWN_STATE = """CASE WHEN EXISTS (SELECT FROM leases AS l WHERE l.callback_id = callbacks.callback_id)
    THEN 'sending' ELSE state END"""
"""A callback's state as the console shows it, for a SELECT from callbacks."""


async def lease(
    database: "asyncpg.Pool | asyncpg.Connection",
    callback: UUID,
    *,
    worker: str = "w",
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """The callback's next attempt is under way, for an hour if nothing else is said."""
    now = datetime.now(UTC)
    await database.execute("UPDATE callbacks SET state = 'pending' WHERE callback_id = $1", callback)
    await database.execute(
        "INSERT INTO leases (endpoint_id, callback_id, attempt_number, leased_by, sending_since, lease_until)"
        " SELECT endpoint_id, callback_id, attempt_number + 1, $2, $3, $4 FROM callbacks WHERE callback_id = $1",
        *(callback, worker, since or now, until or now + timedelta(hours=1)),
    )
