"""Callbacks sent once more because an operator asks, one or many: never two at once, each in its order's sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from store.callbacks import CallbackState
from store.connection import Connection
from store.owing import CHANNEL
from store.pool import statement


@dataclass(frozen=True, slots=True)
class MovedCallback:
    """One that an operator moved: the state it was in, and the one it is in."""

    callback_id: UUID
    order_id: UUID
    before: CallbackState
    state: CallbackState


async def retry_callbacks(
    connection: Connection, callbacks: Sequence[UUID], *, anew: bool = False
) -> list[MovedCallback]:
    """Make these due now, as their orders' sequence allows: pending, or queued behind an unfinished one. In a
    transaction. Returns those that were moved: not those being sent, waiting for something else, or of a deleted
    endpoint. `anew`: those that were given up begin their policy from its first attempt.

    An automatic retry that was planned is this one from now on: there is one row, claimed once.
    """
    # Locked as processors lock them: no new callback of these orders becomes owed while we look who is ahead.
    orders = await connection.fetch(statement("callbacks_retry_orders"), callbacks)
    await connection.fetch(statement("orders_lock"), [row["order_id"] for row in orders])
    locked = await connection.fetch(statement("callbacks_retry_lock"), callbacks)
    if not locked:
        return []
    rows = await connection.fetch(statement("callbacks_retry"), [row["callback_id"] for row in locked], anew)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return [MovedCallback(*row) for row in rows]
