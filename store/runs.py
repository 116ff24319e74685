"""Runs: asked for by operators, carried out by replayers, each under a lease. The row is the audit of the run.

All times are by Postgres' clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import asyncpg

from runtime.errors import Conflict, NotFound
from store.connection import Connection
from store.pool import statement

RunState = Literal["requested", "running", "done", "failed", "cancelled"]
Outcome = Literal["done", "failed", "cancelled"]


class LeaseLost(Exception):
    """The run is no longer ours: another replayer holds it, or it has ended. Roll back what is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. `asked` is what to do, `progress` where a successor goes on, `result` what came of it, once done.
    `error`: why it failed; of a running one, what it waits for."""

    run_id: UUID
    kind: str
    asked: dict[str, Any]
    actor: str
    reason: str
    state: RunState
    progress: dict[str, Any]
    result: dict[str, Any] | None
    error: str
    cancel_requested: bool
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_until: datetime | None
    leased_by: str | None


async def request_run(
    connection: Connection, *, kind: str, asked: Mapping[str, Any], actor: str, reason: str = ""
) -> Run:
    """Ask for a run; a replayer takes it up. May be part of a transaction of the caller's."""
    row = await connection.fetchrow(statement("runs_request"), uuid4(), kind, dict(asked), actor, reason)
    return _run(row)


async def claim_run(connection: Connection, *, kinds: Sequence[str], worker: str, lease_seconds: float) -> Run | None:
    """Lease the oldest run of these kinds that nobody works on: a new one, or one whose lease has run out."""
    row = await connection.fetchrow(statement("runs_claim"), list(kinds), worker, lease_seconds)
    return None if row is None else _run(row)


async def checkpoint(
    connection: Connection, run_id: UUID, *, worker: str, lease_seconds: float, progress: Mapping[str, Any] | None
) -> bool:
    """Renew the lease and, unless it is None, replace the progress; returns whether the run shall be cancelled.

    In the transaction of some work it makes progress and work one: raises LeaseLost, and then neither is kept.
    """
    asked: bool | None = await connection.fetchval(
        statement("runs_checkpoint"), run_id, worker, lease_seconds, None if progress is None else dict(progress)
    )
    if asked is None:
        raise LeaseLost(f"run {run_id} is no longer held by {worker}")
    return asked


async def release_run(
    connection: Connection, run_id: UUID, *, worker: str, pause_seconds: float = 0.0, why: str = ""
) -> None:
    """Give the lease back: any replayer may take the run up again, after the pause. Safe to repeat."""
    await connection.execute(statement("runs_release"), run_id, worker, pause_seconds, why)


async def finish_run(
    connection: Connection,
    run_id: UUID,
    *,
    worker: str,
    state: Outcome,
    result: Mapping[str, Any] | None = None,
    error: str = "",
) -> Run:
    """End the run; raises LeaseLost."""
    kept = None if result is None else dict(result)
    row = await connection.fetchrow(statement("runs_finish"), run_id, worker, state, kept, error)
    if row is None:
        raise LeaseLost(f"run {run_id} is no longer held by {worker}")
    return _run(row)


async def cancel_run(connection: Connection, run_id: UUID) -> Run:
    """Cancel at once what nobody works on; else ask its replayer to. Raises NotFound, Conflict when it has ended."""
    row = await connection.fetchrow(statement("runs_cancel"), run_id)
    if row is not None:
        return _run(row)
    ended = await read_run(connection, run_id)
    raise Conflict(f"run {run_id} cannot be cancelled: it is {ended.state}", hint="what it did stays as it is")


async def read_run(connection: Connection, run_id: UUID) -> Run:
    """One run; raises NotFound."""
    row = await connection.fetchrow(statement("runs_get"), run_id)
    if row is None:
        raise NotFound(f"there is no run {run_id}", hint="see: ticketwire replay list")
    return _run(row)


async def list_runs(
    connection: Connection,
    *,
    kinds: Sequence[str] | None = None,
    state: RunState | None = None,
    before: tuple[datetime, UUID] | tuple[None, None] = (None, None),
    limit: int,
) -> list[Run]:
    """One page, the newest first. What is None holds for all."""
    rows = await connection.fetch(statement("runs_list"), kinds, state, *before, limit)
    return [_run(row) for row in rows]


def _run(row: asyncpg.Record | None) -> Run:
    assert row is not None  # noqa: S101 - for the type checker: the statement returns a row
    return Run(**row)


async def is_being_promoted(connection: Connection, shadow_run: UUID) -> bool:
    """Whether a promotion of this run's shadow has not ended. Until the transaction ends, nobody else asks this."""
    await connection.fetch(statement("runs_lock"), shadow_run)
    return bool(await connection.fetchval(statement("runs_promoting"), str(shadow_run)))
