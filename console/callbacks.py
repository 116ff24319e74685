"""/api/v1/callbacks: what is owed, what became of it, and a hand on it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, BeforeValidator, Field

from console.actor import Who
from console.context import Here
from console.endpoint_form import Reason
from console.moments import MomentOrBack
from console.paging import Page, write_cursor
from console.texts import Text
from store import console_callbacks as table
from store.callbacks import CallbackState
from store.console_orders import order_ids_of_number
from store.endpoints import get_endpoint
from store.operator_actions import OperatorAction, note_actions
from store.retries import MovedCallback as Moved

router = APIRouter(prefix="/callbacks", tags=["callbacks"])


def _without_prefix(text: Any) -> Any:
    return text.removeprefix("msg_") if isinstance(text, str) else text


CallbackId = Annotated[
    UUID, BeforeValidator(_without_prefix), Path(description="the callback's id, or the webhook-id a receiver saw")
]


class CallbackQuery(Page):
    state: CallbackState | None = None
    endpoint: Text | None = Field(None, description="name or id")
    order_no: Text | None = None
    event_type: Text | None = None
    since: MomentOrBack | None = Field(None, description="owed at or after it")
    until: MomentOrBack | None = Field(None, description="owed before it")


class ListedCallback(BaseModel):
    callback_id: UUID
    endpoint: str | None = Field(description="the endpoint's name")
    endpoint_id: UUID
    dialect: str | None
    order_no: str | None
    source: str | None = Field(description="null: a made-up order of a test callback")
    event_type: str | None
    event_id: UUID
    sequence: int = Field(description="the version of the order that owed it: callbacks are sent in this order")
    state: CallbackState
    attempts: int = Field(description="attempts that count against the policy")
    due_at: datetime
    outcome: str = Field(description="of the latest attempt, or why it will not be sent")
    created_at: datetime
    finished_at: datetime | None


class CallbackPage(BaseModel):
    callbacks: list[ListedCallback]
    next_cursor: str | None = Field(description="null: this is the last page")


class ShownAttempt(BaseModel):
    number: int
    outcome: str
    stage: str = Field(description="how far it came: before, during or after sending")
    error: str
    detail: str
    status: int | None = Field(description="HTTP")
    trigger: str
    worker: str
    started_at: datetime
    finished_at: datetime
    request_bytes: int | None = Field(description="size of what was sent; the content holds personal data")
    answer: str | None = Field(description="the beginning of what was answered")


class AttemptUnderWay(BaseModel):
    number: int
    since: datetime
    worker: str | None
    note: str


class ShownCallback(ListedCallback):
    policy: str | None
    trigger: str = Field(description="of the next attempt")
    replay: bool = Field(description="the receiver is told that it is a repeat")
    attempt_list: list[ShownAttempt]
    under_way: AttemptUnderWay | None = Field(description="an attempt whose result is not known")


class MovedCallback(BaseModel):
    callback_id: UUID
    state: CallbackState
    note: str = ""


@router.get("")
async def search(console: Here, query: Annotated[CallbackQuery, Query()]) -> CallbackPage:
    """Callbacks, the newest first."""
    async with console.pool.acquire() as connection:
        endpoint = await get_endpoint(connection, query.endpoint) if query.endpoint else None
        orders = await order_ids_of_number(connection, query.order_no) if query.order_no else None
        wanted = table.CallbackFilter(
            state=query.state,
            endpoint=endpoint.endpoint_id if endpoint else None,
            orders=orders,
            event_type=query.event_type,
            since=query.since,
            until=query.until,
            before=query.place(),
        )
        rows = await table.search_callbacks(connection, wanted, limit=query.limit + 1)
    page = rows[: query.limit]
    more = write_cursor(page[-1]["created_at"], page[-1]["callback_id"]) if len(rows) > query.limit else None
    return CallbackPage(callbacks=[ListedCallback(**row) for row in page], next_cursor=more)


@router.get("/{callback_id}")
async def get(console: Here, callback_id: CallbackId) -> ShownCallback:
    """One callback with its attempts, one under way included."""
    async with (
        console.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row, attempts = await table.read_callback(connection, callback_id)
    return ShownCallback(**row, attempt_list=[_shown(attempt) for attempt in attempts], under_way=_under_way(row))


@router.post("/{callback_id}/retry")
async def retry(console: Here, who: Who, callback_id: CallbackId) -> MovedCallback:
    """Send it now: a pending one at once, one that ended once more, with the same id. 409 while it is being sent."""
    async with console.pool.acquire() as connection, connection.transaction():
        moved = await table.retry_callback(connection, callback_id)
        await note_actions(connection, [_deed(who, "retry", moved)])
        note = await table.say_when(connection, moved)
    return MovedCallback(callback_id=callback_id, state=moved.state, note=note)


@router.post("/{callback_id}/cancel")
async def cancel(console: Here, who: Who, callback_id: CallbackId, why: Reason | None = None) -> MovedCallback:
    """Never send it; the next one of its order takes its turn. 409 while it is being sent."""
    reason = why.reason if why else ""
    outcome = "cancelled by an operator" + (f": {reason}" if reason else "")
    async with console.pool.acquire() as connection, connection.transaction():
        moved = await table.cancel_callback(connection, callback_id, outcome=outcome)
        await note_actions(connection, [_deed(who, "cancel", moved, reason=reason)])
    return MovedCallback(callback_id=callback_id, state=moved.state)


def _deed(who: str, action: str, moved: Moved, *, reason: str = "") -> OperatorAction:
    return OperatorAction(
        actor=who,
        action=action,
        subject="callback",
        subject_id=str(moved.callback_id),
        order_id=moved.order_id,
        reason=reason,
        details={"was": moved.before, "is": moved.state},
    )


def _shown(attempt: asyncpg.Record) -> ShownAttempt:
    answer: bytes | None = attempt["answer"]
    text = None if answer is None else answer.decode("utf-8", "backslashreplace")
    return ShownAttempt(**(dict(attempt) | {"answer": text}))


def _under_way(row: asyncpg.Record) -> AttemptUnderWay | None:
    if row["state"] != "sending" or row["sending_since"] is None:
        return None
    note = f"it may have been sent since {row['sending_since'].isoformat()}"
    return AttemptUnderWay(number=row["attempt_number"], since=row["sending_since"], worker=row["leased_by"], note=note)
