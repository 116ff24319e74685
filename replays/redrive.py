"""Redrive: parked events once more through their processor's present code, a canary of the first N before the rest.

What lands leaves the list in the transaction in which it is applied; what fails again stays, with the reason of now.
The arrivals keep their ids and places, so a replay of the same records from Kafka changes nothing, nor this after one.
Their callbacks were never owed, so they become owed as a live event's do (docs/decisions/0038).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dialects.contract import Inbound
from processors.decode import parked
from processors.handle import Handled, Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from replays.runner import Control
from runtime.settings import Settings
from schemas.arrival import Coordinates
from schemas.identity import order_id
from schemas.parked_selection import ParkedSelection
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.operator_actions import OperatorAction, note_actions
from store.parked import ParkedEvent
from store.redrives import ParkedRecord, Place, count_failed, read_page, settle_landed, summarise
from store.runs import Run

BATCH = 200


class _SettledMeanwhile(Exception):
    """Some of the batch was discarded or landed otherwise since it was read: roll back, and read again."""


@dataclass(slots=True)
class Progress:
    """How far a redrive is. `after` is where the last page ended; `reasons`: of those that failed again."""

    of: int = 0
    done: int = 0
    landed: int = 0
    failed: int = 0
    after: Place | None = None
    reasons: dict[str, int] = field(default_factory=dict)

    def moved(self, records: Sequence[ParkedRecord], failed: Sequence[ParkedEvent]) -> "Progress":
        return Progress(
            of=self.of,
            done=self.done + len(records),
            landed=self.landed + len(records) - len(failed),
            failed=self.failed + len(failed),
            after=records[-1].place,
            reasons=dict(Counter(self.reasons) + Counter(event.reason for event in failed)),
        )


class RedriveTask:
    """`replays.runner.Task`; asked: `{"selection", "canary"}`. The result says how many landed and failed again, and in
    `stopped` why the rest was left, if it was."""

    kind = "redrive"

    def __init__(self, settings: Settings, *, dialects: Mapping[str, Inbound], wire_forms: WireForms) -> None:
        self._settings = settings
        self._dialects = dialects
        self._wire_forms = wire_forms

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        selection = ParkedSelection.model_validate(run.asked["selection"])
        canary: int = run.asked.get("canary") or 0
        progress = Progress(**run.progress) if run.progress else await self._begin(selection, control)
        while not (stopped := _stopped(progress, canary)):
            control.stop_if_cancelled()
            limit = min(BATCH, canary - progress.done) if progress.done < canary else BATCH
            async with control.pool.acquire() as connection:
                records = await read_page(
                    connection, selection, parked_by=run.requested_at, after=progress.after, limit=limit
                )
            if not records:
                break
            try:
                progress = await self._take(records, progress, run, control)
            except _SettledMeanwhile:
                continue
            await control.pace(len(records))
        return {
            "landed": progress.landed,
            "failed": progress.failed,
            "failed_by_reason": progress.reasons,
            "left": max(0, progress.of - progress.done) if stopped else 0,
            "stopped": stopped,
        }

    async def _begin(self, selection: ParkedSelection, control: Control) -> Progress:
        async with control.pool.acquire() as connection:
            chosen = await summarise(connection, selection)
        progress = Progress(of=chosen["number"])
        await control.checkpoint(asdict(progress))
        return progress

    async def _take(self, records: Sequence[ParkedRecord], progress: Progress, run: Run, control: Control) -> Progress:
        """One batch of one processor: applied, settled and noted in one transaction."""
        moved = progress

        async def settle(connection: Connection, handled: Handled) -> None:
            nonlocal moved
            moved = progress.moved(records, handled.parked)
            await _settle(connection, records, handled.parked, run)
            await control.note(connection, asdict(moved))

        name = records[0].processor
        if name in PROCESSORS:
            await self._handler(name, run, control).handle(records, beside=settle)
        else:
            why = f"this version has no processor {name!r}"
            failed = [parked(record, stage="record", reason="processor-unknown", detail=why) for record in records]
            async with control.pool.acquire() as connection, connection.transaction():
                moved = progress.moved(records, failed)
                await _settle(connection, records, failed, run)
                await control.note(connection, asdict(moved))
        return moved

    def _handler(self, name: str, run: Run, control: Control) -> Handler:
        """With a parking limit that is never reached: these are parked already."""
        return Handler(
            PROCESSORS[name],
            pool=control.pool,
            dialects=self._dialects,
            wire_forms=self._wire_forms,
            limit=ParkingLimit(window_records=1, limit_percent=100),
            patience_seconds=self._settings.processors.retry_in_place_seconds,
            run_id=run.run_id,
        )


def _stopped(progress: Progress, canary: int) -> str:
    """Why the run ends here, if it does: one of the canary failed again."""
    if progress.failed and progress.done <= canary:
        return f"{progress.failed} of the first {progress.done} failed again: mend that, then redrive the rest"
    return ""


async def _settle(
    connection: Connection, records: Sequence[ParkedRecord], failed: Sequence[ParkedEvent], run: Run
) -> None:
    again = {event.at: event for event in failed}
    failures = [(record, again[at]) for record in records if (at := _at(record)) in again]
    landed = [record for record in records if _at(record) not in again]
    settled = await settle_landed(connection, [record.parked_id for record in landed], run_id=run.run_id)
    settled += await count_failed(connection, failures)
    if settled != len(records):
        raise _SettledMeanwhile
    deeds = [_deed(record, run, {"landed": True}) for record in landed]
    deeds += [_deed(record, run, {"landed": False, "failed": event.reason}) for record, event in failures]
    await note_actions(connection, deeds)


def _deed(record: ParkedRecord, run: Run, details: Mapping[str, Any]) -> OperatorAction:
    known = bool(record.source and record.order_no)
    return OperatorAction(
        actor=run.actor,
        action="redrive",
        subject="parked",
        subject_id=str(record.parked_id),
        order_id=order_id(record.source, record.order_no) if known else None,
        reason=run.reason,
        details=details,
        run_id=run.run_id,
    )


def _at(record: ParkedRecord) -> Coordinates:
    return Coordinates(record.topic, record.partition, record.offset)
