"""The table `attempts`: every attempt that ended, of every callback."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from store.connection import Connection
from store.pool import statement

AttemptOutcome = Literal["delivered", "try_again", "given_up", "interrupted", "may_have_been_sent"]
Stage = Literal["before", "during", "after"]
"""When it failed: before anything was sent, while it may have been, or after the partner answered."""


class Attempt(NamedTuple):
    """One attempt as it ended: the columns of attempts_insert.sql. `error` is a stable code; `request` is masked; times
    are Postgres' clock. From `outcome` on, those of a batch are mostly alike."""

    callback_id: UUID
    number: int
    request: bytes | None
    answer: bytes | None
    started_at: datetime
    finished_at: datetime
    outcome: AttemptOutcome
    stage: Stage
    error: str
    detail: str
    status: int | None
    trigger: str
    worker: str


async def insert_attempts(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Keep these attempts; one that is kept already stays as it is. Safe to repeat."""
    if not attempts:
        return
    await connection.execute(statement("attempts_insert"), *columns(attempts, own=6))


def columns(rows: Iterable[tuple[Any, ...]], *, own: int) -> list[Sequence[Any]]:
    """The columns of rows, of which there must be one at least, with what many have in common given once: `own` of each
    row, the place (from 1) of the rest of it, and the columns of all that are different of those rests.

    Postgres' client looks at every value before it writes it, and that is most of what a batch takes.
    """
    rests: dict[tuple[Any, ...], int] = {}
    placed = [(*row[:own], rests.setdefault(row[own:], len(rests) + 1)) for row in rows]
    return [*zip(*placed, strict=True), *zip(*rests, strict=True)]
