"""/api/v1/callbacks/retry, /api/v1/endpoints/{endpoint}/recover: many callbacks sent once more, at a bounded pace."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from console.actor import Who
from console.bulk import PacedBulk, or_asked_for
from console.context import Here
from console.endpoints import Named
from console.moments import MomentOrBack
from console.runs import ShownRun, ask_run
from console.texts import Text
from schemas.callback_selection import CallbackSelection, Retryable
from store.callbacks import CallbackState
from store.connection import Connection
from store.endpoints import get_endpoint
from store.retries import summarise

router = APIRouter(tags=["callbacks"])

KIND = "callback_retry"


class CallbackChoice(BaseModel):
    """What is left out holds for all."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Text | None = Field(None, description="name or id")
    states: list[Retryable] = Field(["given_up"], min_length=1, max_length=6)
    event_type: Text | None = None
    since: MomentOrBack | None = Field(None, description="owed at or after it")
    until: MomentOrBack | None = Field(None, description="owed before it")


class BulkRetry(PacedBulk):
    selection: CallbackChoice = CallbackChoice()


class Recovery(PacedBulk):
    since: MomentOrBack = Field(description="what was given up at or after it, and what has failed and waits")


class ChosenCallbacks(BaseModel):
    endpoint: str
    endpoint_id: UUID
    state: CallbackState
    number: int
    orders: int
    oldest: datetime
    newest: datetime
    sample: list[UUID]
    disabled: bool = Field(description="the endpoint is: they will wait until it is enabled")


class RunOverCallbacks(BaseModel):
    number: int
    chosen: list[ChosenCallbacks]
    run: ShownRun | None = Field(description="watch it at /runs/{run_id}; null: a preview, or nothing is meant")


@router.post("/callbacks/retry", responses=or_asked_for(RunOverCallbacks))
async def retry_many(console: Here, who: Who, wanted: BulkRetry, response: Response) -> RunOverCallbacks:
    """Send callbacks once more, each order's in sequence, at each endpoint no faster than it takes them."""
    async with console.pool.acquire() as connection, connection.transaction():
        given: dict[str, Any] = wanted.selection.model_dump(exclude={"endpoint"})
        if wanted.selection.endpoint is not None:
            given["endpoint_id"] = (await get_endpoint(connection, wanted.selection.endpoint)).endpoint_id
        selection = CallbackSelection.model_validate(given)
        return await _over(connection, who, selection, anew=False, wanted=wanted, response=response)


@router.post("/endpoints/{endpoint}/recover", responses=or_asked_for(RunOverCallbacks))
async def recover(console: Here, who: Who, endpoint: Named, wanted: Recovery, response: Response) -> RunOverCallbacks:
    """After an outage of the endpoint: what was given up since then begins its policy anew, what waits is due now."""
    async with console.pool.acquire() as connection, connection.transaction():
        selection = CallbackSelection(
            endpoint_id=(await get_endpoint(connection, endpoint)).endpoint_id,
            states=("given_up", "pending"),
            failed_since=wanted.since,
        )
        return await _over(connection, who, selection, anew=True, wanted=wanted, response=response)


async def _over(
    connection: Connection,
    who: str,
    selection: CallbackSelection,
    *,
    anew: bool,
    wanted: PacedBulk,
    response: Response,
) -> RunOverCallbacks:
    parts = await summarise(connection, selection, asked_at=None)
    chosen = [ChosenCallbacks.model_validate(part, from_attributes=True) for part in parts]
    number = sum(part.number for part in parts)
    if wanted.preview or not number:
        return RunOverCallbacks(number=number, chosen=chosen, run=None)
    asked = {"selection": selection.stored(), "anew": anew}
    if wanted.rate is not None:
        asked["rate"] = wanted.rate
    response.status_code = 202
    run = await ask_run(connection, who, KIND, asked, reason=wanted.reason)
    return RunOverCallbacks(number=number, chosen=chosen, run=run)
