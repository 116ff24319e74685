"""/api/v1/parked: a hand on what is parked: tried again, given up, handed to other tools. No original is edited."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from console.actor import Who
from console.bulk import Bulk, PacedBulk, or_asked_for
from console.context import Here
from console.moments import MomentOrBack
from console.runs import ShownRun, ask_run
from console.texts import Text
from runtime.errors import Conflict
from schemas.identity import order_id
from schemas.parked_selection import ParkedSelection
from store.connection import Connection
from store.console_parked import read_parked
from store.operator_actions import OperatorAction, note_actions
from store.redrives import Discarded, discard, summarise

router = APIRouter(prefix="/parked", tags=["parked"])

DISCARDED_AT_ONCE = 5000
ParkedId = Annotated[UUID, Path()]


class ParkedChoice(BaseModel):
    """Of those that are parked still. What is left out holds for all."""

    model_config = ConfigDict(extra="forbid")

    ids: list[UUID] = Field([], max_length=1000, description="parked_id of each; none: all")
    fingerprint: Text | None = Field(None, description="what failed alike, see the groups")
    processor: Text | None = None
    reason: Text | None = Field(None, description="a stable code")
    source: Text | None = None
    order_no: Text | None = None
    topic: Text | None = None
    since: MomentOrBack | None = Field(None, description="parked at or after it")
    until: MomentOrBack | None = Field(None, description="parked before it")

    def selection(self) -> ParkedSelection:
        return ParkedSelection.model_validate(self.model_dump())


class Redrive(PacedBulk):
    selection: ParkedChoice = ParkedChoice()
    canary: int | None = Field(
        None, ge=1, le=10_000, description="try this many first, and stop if any of them fails again"
    )


class Export(PacedBulk):
    selection: ParkedChoice = ParkedChoice()


class Discard(Bulk):
    selection: ParkedChoice
    reason: Text = Field(description="why they are given up")


class Why(BaseModel):
    reason: Text = Field(description="why it is given up")


class ChosenParked(BaseModel):
    number: int
    orders: int
    first_parked_at: datetime | None
    last_parked_at: datetime | None
    groups: dict[str, int] = Field(description="number by fingerprint, of the twenty largest groups")
    sample: list[UUID] = Field(description="ids of a few, the longest parked first")


class RunOverParked(BaseModel):
    chosen: ChosenParked
    run: ShownRun | None = Field(description="watch it at /runs/{run_id}; null: a preview, or nothing is meant")


class DiscardedParked(BaseModel):
    discarded: int
    left: int = Field(description="of those meant: ask again for them")


@router.post("/retry", responses=or_asked_for(RunOverParked))
async def redrive(console: Here, who: Who, wanted: Redrive, response: Response) -> RunOverParked:
    """Try parked events again with the present code. What lands leaves the list; what fails again is counted."""
    selection, asked = wanted.selection.selection(), {"canary": wanted.canary, "rate": wanted.rate}
    async with console.pool.acquire() as connection, connection.transaction():
        return await _over(connection, who, "redrive", selection, asked=asked, wanted=wanted, response=response)


@router.post("/{parked_id}/retry", responses=or_asked_for(RunOverParked))
async def redrive_one(console: Here, who: Who, parked_id: ParkedId, response: Response) -> RunOverParked:
    """Try one again. 409 when it is not parked any more."""
    async with console.pool.acquire() as connection, connection.transaction():
        await _still_parked(connection, parked_id)
        one = ParkedSelection(ids=(parked_id,))
        return await _over(connection, who, "redrive", one, asked={}, wanted=PacedBulk(), response=response)


@router.post("/export", responses=or_asked_for(RunOverParked))
async def export(console: Here, who: Who, wanted: Export, response: Response) -> RunOverParked:
    """Write the originals to `dlq.<topic>.<group>`, with Kafka's own `__dlq.errors.*` headers. They stay parked."""
    selection, asked = wanted.selection.selection(), {"rate": wanted.rate}
    async with console.pool.acquire() as connection, connection.transaction():
        return await _over(connection, who, "export", selection, asked=asked, wanted=wanted, response=response)


@router.post("/discard")
async def discard_many(console: Here, who: Who, wanted: Discard) -> DiscardedParked:
    """Give these up, for a reason. They keep their bytes, and no replay brings them back."""
    selection = wanted.selection.selection()
    async with console.pool.acquire() as connection, connection.transaction():
        gone: list[Discarded] = []
        if not wanted.preview:
            gone = await discard(connection, selection, reason=wanted.reason, limit=DISCARDED_AT_ONCE)
            await note_actions(connection, [_deed(who, one, wanted.reason) for one in gone])
        left = (await summarise(connection, selection))["number"]
    return DiscardedParked(discarded=len(gone), left=left)


@router.post("/{parked_id}/discard")
async def discard_one(console: Here, who: Who, parked_id: ParkedId, why: Why) -> DiscardedParked:
    """Give one up, for a reason. 409 when it is not parked any more."""
    async with console.pool.acquire() as connection, connection.transaction():
        await _still_parked(connection, parked_id)
        gone = await discard(connection, ParkedSelection(ids=(parked_id,)), reason=why.reason, limit=1)
        await note_actions(connection, [_deed(who, one, why.reason) for one in gone])
    return DiscardedParked(discarded=len(gone), left=0)


async def _over(
    connection: Connection,
    who: str,
    kind: str,
    selection: ParkedSelection,
    *,
    asked: dict[str, Any],
    wanted: PacedBulk,
    response: Response,
) -> RunOverParked:
    chosen = ChosenParked(**await summarise(connection, selection))
    if wanted.preview or not chosen.number:
        return RunOverParked(chosen=chosen, run=None)
    said = {"selection": selection.stored()} | {name: value for name, value in asked.items() if value is not None}
    response.status_code = 202
    run = await ask_run(connection, who, kind, said, reason=wanted.reason)
    return RunOverParked(chosen=chosen, run=run)


async def _still_parked(connection: Connection, parked_id: UUID) -> None:
    row = await read_parked(connection, parked_id)
    if row["state"] != "parked":
        raise Conflict(f"the event is parked no more: it is {row['state']}", hint="see: ticketwire parked show")


def _deed(who: str, one: Discarded, reason: str) -> OperatorAction:
    return OperatorAction(
        actor=who,
        action="discard",
        subject="parked",
        subject_id=str(one.parked_id),
        order_id=order_id(one.source, one.order_no) if one.source and one.order_no else None,
        reason=reason,
        details={"parked_for": one.reason},
    )
