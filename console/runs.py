"""/api/v1/runs: what was asked to be run over the past, by whom, how far it is, what came of it. Replayers do it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from console.actor import Who
from console.context import Console, Here
from console.paging import Page, write_cursor
from console.texts import Text
from store.connection import Connection
from store.operator_actions import OperatorAction, note_actions
from store.runs import Run, cancel_run, list_runs, read_run, request_run

router = APIRouter(prefix="/runs", tags=["runs"])

RunState = Literal["requested", "running", "done", "failed", "cancelled"]
RunId = Annotated[UUID, Path()]
_INNER = frozenset({"plan", "next", "spans"})
"""Of the progress: only for the replayer that goes on with it."""


class RunQuery(Page):
    state: RunState | None = None


class RunsQuery(RunQuery):
    kind: Text | None = Field(None, description="such as replay or redrive")


class ShownRun(BaseModel):
    run_id: UUID
    kind: str
    state: RunState = Field(description="requested: no replayer has begun it yet")
    asked: dict[str, Any]
    actor: str
    reason: str
    progress: dict[str, Any] = Field(description="done and of: how far it is")
    result: dict[str, Any] | None
    error: str = Field(description="why it failed; of a running one, what it waits for")
    cancel_requested: bool
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    leased_by: str | None = Field(description="the replayer at work")


class RunPage(BaseModel):
    runs: list[ShownRun]
    next_cursor: str | None = Field(description="null: this is the last page")


def show_run(run: Run) -> ShownRun:
    """As the API shows it."""
    progress = {name: value for name, value in run.progress.items() if name not in _INNER}
    fields = {name: getattr(run, name) for name in ShownRun.model_fields if name != "progress"}
    return ShownRun(**fields, progress=progress)


async def ask_run(connection: Connection, who: str, kind: str, asked: Mapping[str, Any], *, reason: str) -> ShownRun:
    """Ask for a run, and note who did; in a transaction. A replayer takes it up."""
    run = await request_run(connection, kind=kind, asked=asked, actor=who, reason=reason)
    deed = OperatorAction(
        actor=who,
        action=kind,
        subject="run",
        subject_id=str(run.run_id),
        reason=reason,
        details=asked,
        run_id=run.run_id,
    )
    await note_actions(connection, [deed])
    return show_run(run)


async def page_of(console: Console, query: RunQuery, *, kinds: list[str] | None) -> RunPage:
    """One page of these kinds, the newest first."""
    async with console.pool.acquire() as connection:
        rows = await list_runs(connection, kinds=kinds, state=query.state, before=query.place(), limit=query.limit + 1)
    page = rows[: query.limit]
    more = write_cursor(page[-1].requested_at, page[-1].run_id) if len(rows) > query.limit else None
    return RunPage(runs=[show_run(run) for run in page], next_cursor=more)


@router.get("")
async def search(console: Here, query: Annotated[RunsQuery, Query()]) -> RunPage:
    """Runs of every kind, the newest first."""
    return await page_of(console, query, kinds=None if query.kind is None else [query.kind])


@router.get("/{run_id}")
async def get(console: Here, run_id: RunId) -> ShownRun:
    """One run, with its progress or its result."""
    async with console.pool.acquire() as connection:
        return show_run(await read_run(connection, run_id))


@router.post("/{run_id}/cancel")
async def cancel(console: Here, who: Who, run_id: RunId) -> ShownRun:
    """Stop it at its next batch. What it did stays as it is, and can be done once more without harm."""
    async with console.pool.acquire() as connection, connection.transaction():
        run = await cancel_run(connection, run_id)
        cancelled = OperatorAction(
            actor=who, action="cancel", subject="run", subject_id=str(run_id), details={"kind": run.kind}, run_id=run_id
        )
        await note_actions(connection, [cancelled])
    return show_run(run)
