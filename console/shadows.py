"""/api/v1/replays/{id}/difference, …/promote, …/discard, and /api/v1/rebuilds: what a shadow showed, and what of it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.actor import Who
from console.context import Here
from console.masking import masked
from console.paging import Page, read_cursor, write_cursor
from console.runs import RunId, ShownRun, ask_run
from console.texts import LongText
from runtime.errors import Conflict, InvalidRequest, NotFound
from store.connection import Connection
from store.operator_actions import OperatorAction, note_actions
from store.runs import Run, is_being_promoted, read_run
from store.shadow import drop_shadow, read_differences, read_position, schemas_of

router = APIRouter(tags=["replays"])


class NewPromotion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    callbacks: Literal["suppress", "emit"] = Field(
        "suppress", description="whether callbacks that become owed are sent, saying that they are a replay's"
    )
    rate: float | None = Field(None, ge=0, le=1_000_000, description="orders per second; 0: no limit")
    reason: LongText = Field("", description="for whoever looks later")


class NewRebuild(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rate: float = Field(0, ge=0, le=1_000_000, description="events per second; 0: as fast as live events allow")
    reason: LongText = Field("", description="for whoever looks later")


class Discarding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: LongText = Field("", description="for whoever looks later")


class Discarded(BaseModel):
    run_id: UUID
    discarded: bool


class RowDifference(BaseModel):
    table: str
    key: str = Field(description="the row's key within the order")
    before: dict[str, Any] | None = Field(description="in live; null: no such row; else the columns that differ")
    after: dict[str, Any] | None = Field(description="in the shadow")


class EventDifference(BaseModel):
    added: list[UUID] = Field(description="count only in the shadow")
    superseded: list[UUID] = Field(description="count only in live")
    reread: list[UUID] = Field(description="say something else, under the same identity")


class ParkedDifference(BaseModel):
    parked_id: UUID
    topic: str
    partition: int
    offset: int
    lands: bool = Field(description="true: parked in live, and read now; false: the other way round")
    reason: str


class ChangeDifference(BaseModel):
    event_id: UUID
    event_type: str
    told: bool


class CallbackDifference(BaseModel):
    callback_id: UUID
    endpoint: str
    event_id: UUID
    event_type: str
    deliverable: bool


class OrderDifference(BaseModel):
    source: str
    order_no: str
    tables: list[str]
    rows: list[RowDifference] = Field(description="personal values are masked")
    events: EventDifference
    parked: list[ParkedDifference]
    changes: list[ChangeDifference] = Field(description="what a promotion would write into the order's journal")
    callbacks: list[CallbackDifference] = Field(description="what a promotion would owe")


class DifferencePage(BaseModel):
    run_id: UUID
    orders: list[OrderDifference]
    next_cursor: str | None = Field(description="null: this is the last page")


class DifferenceQuery(Page):
    limit: int = Field(50, ge=1, le=500, description="orders of one page at the most")


@router.get("/replays/{run_id}/difference")
async def difference(console: Here, run_id: RunId, query: Annotated[DifferenceQuery, Query()]) -> DifferencePage:
    """Order by order, what the present code would have otherwise than live. The shadow must be complete."""
    after = _place(query.cursor)
    async with console.pool.acquire() as connection, connection.transaction():
        await _open(connection, run_id)
        rows = await read_differences(connection, after=after, limit=query.limit + 1)
    page = rows[: query.limit]
    more = write_cursor(page[-1].order_id) if len(rows) > query.limit else None
    orders = [OrderDifference.model_validate(masked(row.difference)) for row in page]
    return DifferencePage(run_id=run_id, orders=orders, next_cursor=more)


@router.post("/replays/{run_id}/promote", status_code=202)
async def promote(console: Here, who: Who, run_id: RunId, wanted: NewPromotion | None = None) -> ShownRun:
    """Take the difference over into live, order by order; one that live changed since is left alone and named."""
    wanted = wanted or NewPromotion()
    asked = {"run": str(run_id), "callbacks": wanted.callbacks, "rate": wanted.rate}
    async with console.pool.acquire() as connection, connection.transaction():
        await _free(connection, run_id)
        run = await ask_run(connection, who, "promote", asked, reason=wanted.reason)
        await _open(connection, run_id)
    return run


@router.post("/replays/{run_id}/discard")
async def discard(console: Here, who: Who, run_id: RunId, why: Discarding | None = None) -> Discarded:
    """Drop the shadow; live stays as it is. Safe to repeat."""
    async with console.pool.acquire() as connection, connection.transaction():
        await _free(connection, run_id)
        await drop_shadow(connection, run_id)
        action = OperatorAction(
            actor=who,
            action="discard",
            subject="run",
            subject_id=str(run_id),
            reason=why.reason if why else "",
            run_id=run_id,
        )
        await note_actions(connection, [action])
    return Discarded(run_id=run_id, discarded=True)


@router.post("/rebuilds", status_code=202)
async def rebuild(console: Here, who: Who, wanted: NewRebuild | None = None) -> ShownRun:
    """Fold all that Kafka has beside live and compare every order; watch it at /runs/{run_id}."""
    wanted = wanted or NewRebuild()
    async with console.pool.acquire() as connection, connection.transaction():
        return await ask_run(connection, who, "rebuild", {"rate": wanted.rate}, reason=wanted.reason)


async def _shadow_run(connection: Connection, run_id: UUID) -> Run:
    run = await read_run(connection, run_id)
    if run.kind != "replay" or run.asked.get("mode") != "shadow":
        raise InvalidRequest(f"run {run_id} made no shadow", hint="start one with mode shadow (--shadow)")
    if run.state != "done":
        raise Conflict(
            f"the shadow of run {run_id} is not complete: the run is {run.state}", hint="wait until it is done"
        )
    return run


async def _free(connection: Connection, run_id: UUID) -> None:
    await _shadow_run(connection, run_id)
    if await is_being_promoted(connection, run_id):
        raise Conflict(f"the shadow of run {run_id} is being promoted", hint="wait until that is done, or cancel it")


async def _open(connection: Connection, run_id: UUID) -> None:
    """Have the connection work on the run's shadow; raises NotFound when that is gone."""
    await _shadow_run(connection, run_id)
    if await read_position(connection, await schemas_of(connection, run_id)) is None:
        raise NotFound(
            f"the shadow of run {run_id} is gone: promoted, discarded, too old, or lost in a crash of Postgres",
            hint="run it again: ticketwire replay --shadow",
        )


def _place(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    (order,) = read_cursor(cursor, count=1)
    try:
        return UUID(str(order))
    except ValueError:
        raise InvalidRequest(
            "cursor is none that this API gave out", hint="use next_cursor of the page before, unchanged"
        ) from None
