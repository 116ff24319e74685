"""/api/v1/parked: what could not be decoded or applied."""

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from console.context import Here
from console.moments import MomentOrBack
from console.paging import Page, write_cursor
from console.texts import Text
from store import console_parked as table

router = APIRouter(prefix="/parked", tags=["parked"])

ParkedState = Literal["parked", "redriven", "discarded"]


class ParkedQuery(Page):
    state: ParkedState | None = Field("parked", description="what became of it")
    processor: Text | None = None
    reason: Text | None = Field(None, description="a stable code")
    fingerprint: Text | None = None
    order_no: Text | None = None
    source: Text | None = None
    topic: Text | None = None
    since: MomentOrBack | None = Field(None, description="parked at or after it")


class ListedParked(BaseModel):
    parked_id: UUID
    processor: str
    topic: str
    partition: int
    offset: int
    source: str
    order_no: str
    stage: str
    reason: str
    detail: str
    fingerprint: str
    code_version: str
    state: ParkedState
    parked_at: datetime
    redrive_count: int = Field(description="redrives after which it failed again")
    last_failed_at: datetime | None = Field(description="in a redrive")
    settled_at: datetime | None = Field(description="when it landed or was discarded")
    settled_reason: str = Field(description="why it was discarded")
    run_id: UUID | None = Field(description="the run by which it landed")
    value_bytes: int | None


class ParkedPage(BaseModel):
    parked: list[ListedParked]
    next_cursor: str | None = Field(description="null: this is the last page")


class ParkedGroup(BaseModel):
    fingerprint: str
    processor: str
    stage: str
    reason: str
    detail_of_one: str
    number: int
    orders: int
    first_parked_at: datetime
    last_parked_at: datetime
    sample_id: UUID = Field(description="parked_id of the latest")
    code_versions: list[str] = Field(description="that could not decode or apply them")
    failed_again: int = Field(description="of them, after a redrive")
    last_failed_at: datetime | None = Field(description="in a redrive")


class ParkedGroups(BaseModel):
    groups: list[ParkedGroup]


class Original(BaseModel):
    """Bytes as they lie on Kafka, and as text where they are UTF-8."""

    base64: str
    text: str | None


class ParkedHeader(BaseModel):
    name: str
    value: Original | None = Field(description="null: the header has no value")


class ShownParked(ListedParked):
    key: Original | None
    value: Original | None = Field(description="the event as received, unmasked: without it nothing can be mended")
    headers: list[ParkedHeader]


@router.get("")
async def search(console: Here, query: Annotated[ParkedQuery, Query()]) -> ParkedPage:
    """Parked events, the newest first."""
    wanted = table.ParkedFilter(before=query.place(), **query.model_dump(exclude={"limit", "cursor"}))
    async with console.pool.acquire() as connection:
        rows = await table.search_parked(connection, wanted, limit=query.limit + 1)
    page = rows[: query.limit]
    more = write_cursor(page[-1]["parked_at"], page[-1]["parked_id"]) if len(rows) > query.limit else None
    return ParkedPage(parked=[ListedParked(**row) for row in page], next_cursor=more)


@router.get("/groups")
async def groups(
    console: Here, limit: Annotated[int, Query(ge=1, le=500, description="groups at the most")] = 100
) -> ParkedGroups:
    """What failed alike, the largest group first."""
    async with console.pool.acquire() as connection:
        rows = await table.group_parked(connection, limit=limit)
    return ParkedGroups(groups=[ParkedGroup(**row) for row in rows])


@router.get("/{parked_id}")
async def get(console: Here, parked_id: Annotated[UUID, Path()]) -> ShownParked:
    """One parked event with its original bytes and headers."""
    async with console.pool.acquire() as connection:
        row = dict(await table.read_parked(connection, parked_id))
    headers = [
        ParkedHeader(name=name, value=None if value is None else _original(base64.b64decode(value)))
        for name, value in row.pop("headers")
    ]
    key, value = _original(row.pop("key")), _original(row.pop("value"))
    return ShownParked(**row, key=key, value=value, headers=headers)


def _original(content: bytes | None) -> Original | None:
    if content is None:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    return Original(base64=base64.b64encode(content).decode(), text=text)
