"""The table `attempts`: every attempt that ended, of every callback."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from store.connection import Connection
from store.pool import statement

AttemptOutcome = Literal["delivered", "try_again", "given_up", "interrupted", "may_have_been_sent"]
Stage = Literal["before", "during", "after"]
"""When it failed: before anything was sent, while it may have been, or after the partner answered."""


class Attempt(NamedTuple):
    """One attempt as it ended: the columns of attempts_insert.sql. `error` is a stable code; `request` is masked; times
    are Postgres' clock."""

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
    await connection.execute(statement("attempts_insert"), *zip(*attempts, strict=True))
