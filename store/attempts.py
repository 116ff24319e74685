"""The table `attempts`: every attempt that ended, of every callback."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from store.connection import Connection
from store.pool import statement

AttemptOutcome = Literal["delivered", "try_again", "given_up", "interrupted", "may_have_been_sent"]
Stage = Literal["before", "during", "after"]
"""When it failed: before anything was sent, while it may have been, or after the partner answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt as it ended. `error` is a stable code; `request` is masked; times are Postgres' clock."""

    callback_id: UUID
    number: int
    outcome: AttemptOutcome
    stage: Stage
    error: str
    detail: str
    status: int | None
    trigger: str
    worker: str
    request: bytes | None
    answer: bytes | None
    started_at: datetime
    finished_at: datetime


async def insert_attempts(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Keep these attempts; one that is kept already stays as it is. Safe to repeat."""
    if not attempts:
        return
    await connection.execute(
        statement("attempts_insert"),
        [attempt.callback_id for attempt in attempts],
        [attempt.number for attempt in attempts],
        [attempt.outcome for attempt in attempts],
        [attempt.stage for attempt in attempts],
        [attempt.error for attempt in attempts],
        [attempt.detail for attempt in attempts],
        [attempt.status for attempt in attempts],
        [attempt.trigger for attempt in attempts],
        [attempt.worker for attempt in attempts],
        [attempt.request for attempt in attempts],
        [attempt.answer for attempt in attempts],
        [attempt.started_at for attempt in attempts],
        [attempt.finished_at for attempt in attempts],
    )
