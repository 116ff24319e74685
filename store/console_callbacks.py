"""What the console reads of callbacks, and the two things an operator may do with one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from runtime.errors import Conflict, NotFound
from store.connection import Connection
from store.owing import CHANNEL
from store.pool import statement
from store.retries import MovedCallback, retry_callbacks


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFilter:
    """What is None holds for all."""

    state: str | None = None
    endpoint: UUID | None = None
    orders: list[UUID] | None = None
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | tuple[None, None] = (None, None)


async def search_callbacks(connection: Connection, wanted: CallbackFilter, *, limit: int) -> list[asyncpg.Record]:
    """One page, the newest first."""
    sending = {"sending": True, "pending": False}.get(wanted.state or "")
    return await connection.fetch(
        statement("console_callbacks_search"),
        "pending" if sending else wanted.state,
        wanted.endpoint,
        wanted.orders,
        wanted.event_type,
        wanted.since,
        wanted.until,
        *wanted.before,
        limit,
        sending,
    )


async def read_callback(connection: Connection, callback: UUID) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """The callback and the attempts that ended; raises NotFound."""
    row = await connection.fetchrow(statement("console_callback"), callback)
    if row is None:
        raise _not_found(callback)
    return row, await connection.fetch(statement("console_callback_attempts"), callback)


async def retry_callback(connection: Connection, callback: UUID) -> MovedCallback:
    """Make it due now: pending, or queued behind an unfinished one of its order. In a transaction.

    Safe to repeat. Raises NotFound; Conflict while it is being sent or waits for something else.
    """
    moved = await retry_callbacks(connection, [callback])
    if not moved:
        raise _cannot(await _present(connection, callback), "retried")
    return moved[0]


async def say_when(connection: Connection, moved: MovedCallback) -> str:
    """When one that was retried is sent, in words."""
    present = await _present(connection, moved.callback_id)
    if present["endpoint_state"] == "disabled":
        return f"endpoint {present['endpoint']!r} is disabled: it is sent once that is enabled"
    return "it waits for an unfinished callback of its order" if moved.state == "queued" else "it is due now"


async def cancel_callback(connection: Connection, callback: UUID, *, outcome: str) -> MovedCallback:
    """Never send it; what waited behind it takes its turn. In a transaction. Raises NotFound, Conflict."""
    await connection.execute(statement("callbacks_lock"), [callback])
    row = await connection.fetchrow(statement("console_callback_cancel"), callback, outcome)
    if row is None:
        raise _cannot(await _present(connection, callback), "cancelled")
    # A statement of its own: it sees what was queued behind the row while that row's lock was waited for.
    await connection.execute(statement("callbacks_promote_next"), [row["endpoint_id"]], [row["order_id"]])
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return MovedCallback(callback, row["order_id"], row["before"], "cancelled")


async def _present(connection: Connection, callback: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(statement("console_callback_state"), callback)
    if row is None:
        raise _not_found(callback)
    return row


def _not_found(callback: UUID) -> NotFound:
    return NotFound(f"there is no callback {callback}", hint="see: ticketwire callback list")


_WHY_NOT = {
    "sending": "wait until its call has ended, then look at its outcome",
    "queued": "it waits for the callback of its order that comes before it: see that one",
    "waiting": "it waits for its order's context: store that, and it becomes due",
}


def _cannot(present: asyncpg.Record, what: str) -> Conflict:
    if present["endpoint_deleted"]:
        return Conflict(
            f"the callback cannot be {what}: its endpoint is deleted (it is {present['state']})",
            hint="create the endpoint anew; orders that change from then on are told to it",
        )
    hint = _WHY_NOT.get(present["state"], "it has ended already")
    return Conflict(f"the callback cannot be {what}: it is {present['state']}", hint=hint)
