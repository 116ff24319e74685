"""Callbacks sent once more in bulk: made due in their orders' sequence, endpoint by endpoint in turn, and at each no
faster than it takes them, so that first attempts never stand behind a heap of old ones.
"""

import asyncio
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from replays.runner import Control
from schemas.callback_selection import CallbackSelection
from store.connection import Connection
from store.operator_actions import OperatorAction, note_actions
from store.retries import MovedCallback, Place, read_page, retry_callbacks, room_at, summarise
from store.runs import Run

BATCH = 200
FULL_PAUSE_SECONDS = 0.05
"""Until endpoints are looked at again, when all of them have as much to do as they take."""

_FIRST_PAGE: Place = (None, None)


@dataclass(slots=True)
class Progress:
    """How far a bulk retry is. `open`: endpoints with more to come, each with where its last page ended."""

    of: int = 0
    done: int = 0
    open: dict[str, list[str] | None] = field(default_factory=dict)

    def place(self, endpoint: str) -> Place:
        at = self.open[endpoint]
        return _FIRST_PAGE if at is None else (datetime.fromisoformat(at[0]), UUID(at[1]))


class CallbackRetryTask:
    """`replays.runner.Task`; asked: `{"selection", "anew"}`. What was owed or ended after the wish is not touched."""

    kind = "callback_retry"

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        selection = CallbackSelection.model_validate(run.asked["selection"])
        progress = Progress(**run.progress) if run.progress else await self._begin(selection, run, control)
        while progress.open:
            moved_any = False
            for endpoint in list(progress.open):
                moved = await self._turn(endpoint, selection, progress, run=run, control=control)
                await control.pace(moved)
                moved_any |= moved > 0
            if progress.open and not moved_any:
                await asyncio.sleep(FULL_PAUSE_SECONDS)
                control.stop_if_cancelled()
        return {"retried": progress.done}

    async def _begin(self, selection: CallbackSelection, run: Run, control: Control) -> Progress:
        async with control.pool.acquire() as connection:
            chosen = await summarise(connection, selection, asked_at=run.requested_at)
        endpoints = sorted({str(part.endpoint_id) for part in chosen})
        progress = Progress(of=sum(part.number for part in chosen), open=dict.fromkeys(endpoints))
        await control.checkpoint(asdict(progress))
        return progress

    async def _turn(
        self, endpoint: str, selection: CallbackSelection, progress: Progress, *, run: Run, control: Control
    ) -> int:
        """As many of one endpoint's as it has room for, in one transaction; how many were moved."""
        only_there = selection.model_copy(update={"endpoint_id": UUID(endpoint)})
        next_open, moved = dict(progress.open), list[MovedCallback]()
        async with control.pool.acquire() as connection, connection.transaction():
            room = await room_at(connection, UUID(endpoint), at_most=BATCH)
            if room == 0:
                return 0
            if room is None:
                del next_open[endpoint]
            else:
                page = await read_page(
                    connection, only_there, asked_at=run.requested_at, after=progress.place(endpoint), limit=room
                )
                moved = await self._move(connection, page.callbacks, run)
                if page.end is None:
                    del next_open[endpoint]
                else:
                    next_open[endpoint] = [page.end[0].isoformat(), str(page.end[1])]
            done = progress.done + len(moved)
            await control.note(connection, {"of": progress.of, "done": done, "open": next_open})
        progress.open, progress.done = next_open, done
        return len(moved)

    async def _move(self, connection: Connection, callbacks: list[UUID], run: Run) -> list[MovedCallback]:
        if not callbacks:
            return []
        moved = await retry_callbacks(connection, callbacks, anew=bool(run.asked.get("anew")))
        await note_actions(connection, [_deed(one, run) for one in moved])
        return moved


def _deed(moved: MovedCallback, run: Run) -> OperatorAction:
    return OperatorAction(
        actor=run.actor,
        action="retry",
        subject="callback",
        subject_id=str(moved.callback_id),
        order_id=moved.order_id,
        reason=run.reason,
        details={"was": moved.before, "is": moved.state},
        run_id=run.run_id,
    )
