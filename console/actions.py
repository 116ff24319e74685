"""/api/v1/actions: what operators did, to which thing, why."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.context import Here
from console.moments import MomentOrBack
from console.runs import RunState
from console.texts import Text
from store.operator_actions import ActionFilter, search_actions

router = APIRouter(prefix="/actions", tags=["actions"])


class ActionQuery(BaseModel):
    """Closed: a misspelt filter must not show everything."""

    model_config = ConfigDict(extra="forbid")

    actor: Text | None = None
    action: Text | None = Field(None, description="such as retry, discard, disable")
    subject: Literal["endpoint", "callback", "parked", "context", "run"] | None = None
    subject_id: Text | None = None
    run_id: UUID | None = Field(None, description="those that this run did, and those done to it")
    since: MomentOrBack | None = Field(None, description="done at or after it")
    before: int | None = Field(None, ge=1, le=2**63 - 1, description="next_before of the page before")
    limit: int = Field(50, ge=1, le=500, description="entries of one page at the most")


class ShownAction(BaseModel):
    action_id: int
    at: datetime
    actor: str
    action: str
    subject: str = Field(description="the kind of thing")
    subject_id: str
    order_id: UUID | None
    reason: str
    details: dict[str, Any]
    run_id: UUID | None = Field(description="the run that did it for the actor; of a deed on a run, that run")
    run_state: RunState | None = Field(description="what became of that run, until now")


class ActionPage(BaseModel):
    actions: list[ShownAction]
    next_before: int | None = Field(description="null: this is the last page")


@router.get("")
async def search(console: Here, query: Annotated[ActionQuery, Query()]) -> ActionPage:
    """What operators did, the latest first."""
    wanted = ActionFilter(**query.model_dump(exclude={"limit"}))
    async with console.pool.acquire() as connection:
        rows = await search_actions(connection, wanted, limit=query.limit + 1)
    page = rows[: query.limit]
    more = page[-1]["action_id"] if len(rows) > query.limit else None
    return ActionPage(actions=[ShownAction(**row) for row in page], next_before=more)
