"""/api/v1/replays: any stretch of the past once more: looked at, applied, or folded into a shadow."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.actor import Who
from console.context import Console, Here
from console.moments import MomentOrBack
from console.names import did_you_mean
from console.runs import RunPage, RunQuery, ShownRun, ask_run, cancel, get, page_of
from console.texts import LongText, Text
from runtime.errors import InvalidRequest
from schemas.selection import Selection
from store.connection import Connection
from store.sources import has_orders

router = APIRouter(prefix="/replays", tags=["replays"])

KIND = "replay"


class NewReplay(BaseModel):
    """What to run again. What is left out holds for all."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    mode: Literal["dry-run", "apply", "shadow"] = Field(
        description="dry-run: count only; apply: let land what is missing or parked; shadow: fold beside live, compare"
    )
    types: list[str] = Field([], max_length=20, description="canonical types, or unrouted; none: all canonical types")
    source: Text | list[Text] | None = Field(None, description="a source's name, or several")
    order_no: Text | None = Field(None, description="one order; only its partition is read")
    partition: int | None = Field(None, ge=0)
    from_: MomentOrBack | None = Field(None, alias="from", description="from this time on")
    to: MomentOrBack | None = Field(None, description="before this time; none: all that is there at the start")
    from_offset: int | None = Field(None, ge=0, description="with one type and a partition")
    to_offset: int | None = Field(None, ge=0, description="exclusive; with one type and a partition")
    callbacks: Literal["suppress", "emit"] = Field(
        "suppress", description="apply: whether callbacks that become owed are sent, saying that they are a replay's"
    )
    rate: float | None = Field(
        None, ge=0, le=1_000_000, description="events per second; 0: no limit; none: the replayer's setting"
    )
    reason: LongText = Field("", description="for whoever looks later")

    def sources(self) -> list[str]:
        return [self.source] if isinstance(self.source, str) else list(self.source or ())

    def selection(self) -> Selection:
        """Checked; raises ValidationError, which is answered as any other wrong field is."""
        names = ("types", "order_no", "partition", "to", "from_offset", "to_offset")
        given: dict[str, Any] = {name: getattr(self, name) for name in names}
        return Selection.model_validate(given | {"from": self.from_, "sources": self.sources()})


@router.post("", status_code=202)
async def start(console: Here, who: Who, wanted: NewReplay) -> ShownRun:
    """Ask for a replay. A replayer takes it up; watch it at /replays/{run_id}."""
    if wanted.callbacks == "emit" and wanted.mode != "apply":
        raise InvalidRequest(f"a {wanted.mode} owes no callbacks: none can be emitted", hint="use it with mode apply")
    selection = wanted.selection()
    asked = {"mode": wanted.mode, "selection": selection.stored(), "callbacks": wanted.callbacks, "rate": wanted.rate}
    async with console.pool.acquire() as connection, connection.transaction():
        for source in selection.sources:
            await _check_source(console, connection, source)
        return await ask_run(connection, who, KIND, asked, reason=wanted.reason)


@router.get("")
async def search(console: Here, query: Annotated[RunQuery, Query()]) -> RunPage:
    """Replays, the newest first."""
    return await page_of(console, query, kinds=[KIND])


router.get("/{run_id}")(get)
router.post("/{run_id}/cancel")(cancel)


async def _check_source(console: Console, connection: Connection, source: str) -> None:
    """A source is configured, or was once, and left orders."""
    known = console.settings.sources or console.dialects
    if source not in known and not await has_orders(connection, source):
        raise InvalidRequest(
            f"no source {source!r} is configured, and none left orders", hint=did_you_mean(source, known)
        )
