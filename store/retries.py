"""Callbacks sent once more because an operator asks, one or many: never two at once, each in its order's sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.callback_selection import CallbackSelection
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


@dataclass(frozen=True, slots=True)
class Chosen:
    """Callbacks of one endpoint in one state. `disabled`: the endpoint is, so that they will wait."""

    endpoint_id: UUID
    endpoint: str
    disabled: bool
    state: CallbackState
    number: int
    orders: int
    oldest: datetime
    newest: datetime
    sample: list[UUID]


Place = tuple[datetime, UUID] | tuple[None, None]
"""Where a page ended: when the last one became owed, and its id."""


@dataclass(frozen=True, slots=True)
class Page:
    """Callbacks to move together. `end` is None when there are no more."""

    callbacks: list[UUID]
    end: tuple[datetime, UUID] | None


async def retry_callbacks(
    connection: Connection, callbacks: Sequence[UUID], *, anew: bool = False
) -> list[MovedCallback]:
    """Make these due now, as their orders' sequence allows: pending, or queued behind an unfinished one. In a
    transaction. Returns those that were moved: not those being sent, waiting for something else, or of a deleted
    endpoint. `anew`: those that were given up begin their policy from its first attempt.

    An automatic retry that was planned is this one from now on: there is one row, claimed once. A later callback of the
    same order that waits for its own retry lets an earlier one go first.
    """
    # Locked as processors lock them: no new callback of these orders becomes owed while we look who is ahead.
    orders = await connection.fetch(statement("callbacks_retry_orders"), callbacks)
    await connection.fetch(statement("orders_lock"), [row["order_id"] for row in orders])
    locked = await connection.fetch(statement("callbacks_retry_lock"), callbacks)
    if not locked:
        return []
    callbacks = [row["callback_id"] for row in locked]
    await connection.execute(statement("callbacks_retry_lock_others"), callbacks)
    rows = await connection.fetch(statement("callbacks_retry"), callbacks, anew)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return [
        MovedCallback(row["callback_id"], row["order_id"], row["before"], row["state"]) for row in rows if row["chosen"]
    ]


async def summarise(connection: Connection, selection: CallbackSelection, *, asked_at: datetime | None) -> list[Chosen]:
    """What the selection is about, for each endpoint and state; `asked_at` None: at this moment."""
    rows = await connection.fetch(statement("retries_chosen"), *_columns(selection, asked_at))
    return [Chosen(*row) for row in rows]


async def read_page(
    connection: Connection, selection: CallbackSelection, *, asked_at: datetime, after: Place, limit: int
) -> Page:
    """The next of one endpoint's, the longest owed first, with those of their orders that are meant too."""
    rows = await connection.fetch(statement("retries_page"), *_columns(selection, asked_at), *after, limit)
    ends = [(row["created_at"], row["callback_id"]) for row in rows if row["in_page"]]
    return Page([row["callback_id"] for row in rows], ends[-1] if ends else None)


async def room_at(connection: Connection, endpoint_id: UUID, *, at_most: int) -> int | None:
    """How many more may be made due there now without first attempts waiting behind them; None: it is deleted."""
    room: int | None = await connection.fetchval(statement("retries_room"), endpoint_id, at_most)
    return room


def _columns(selection: CallbackSelection, asked_at: datetime | None) -> tuple[Any, ...]:
    return (
        list(selection.states),
        selection.endpoint_id,
        selection.since,
        selection.until,
        selection.failed_since,
        selection.event_type,
        asked_at,
    )
