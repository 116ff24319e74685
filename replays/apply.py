"""Apply: the range once more through the processors' own code. What was applied stays, what is missing or parked lands.

What live has not reached yet is left to it (`replays.reach`). What an operator discarded stays discarded
(docs/decisions/0034).
"""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from dialects.contract import Inbound
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from replays.ahead import ahead
from replays.course import begin, client_id
from replays.reader import read
from replays.routing import BY_TYPE
from replays.runner import Control
from replays.take import Taker
from runtime.settings import Settings
from schemas.wire_forms import WireForms
from store.owing import Telling
from store.runs import Run

_NO_LIMIT = ParkingLimit(window_records=1, limit_percent=100)


class Apply:
    """The mode `apply` of a replay. Its result counts, by type: `records`; the verdicts of those that landed;
    `already_applied`; `redriven`, those of the landed that were parked; `parked_anew` and `parked_again`; `discarded`;
    `unrouted`, of a type that nobody knows still; `callbacks`, owed or suppressed."""

    def __init__(self, settings: Settings, dialects: Mapping[str, Inbound], wire_forms: WireForms) -> None:
        self._settings = settings
        self._dialects = dialects
        self._wire_forms = wire_forms

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """Raises as `replays.runner.Task` says, and Conflict at the parking limit."""
        limits = self._settings.processors
        course = await begin(run, control, self._settings.kafka)
        taker = Taker(
            run,
            control,
            handlers=self._handlers(run, control),
            dialects=self._dialects,
            limit=ParkingLimit(
                window_records=limits.parking_window_records, limit_percent=limits.parking_limit_percent
            ),
        )
        reading = read(
            self._settings.kafka,
            course.plan,
            course.next,
            client_id=client_id(run.run_id),
            batch_records=control.batch_records(limits.batch_records),
        )
        async with aclosing(reading), aclosing(ahead(reading, taker.prepare)) as coming:
            async for prepared in coming:
                course, taken = await taker.take(course, prepared)
                await control.pace(taken, looked_at=len(prepared.batch.records) - taken)
                taker.watch.restart()
        await control.checkpoint(course.progress())
        return {
            "by_type": course.counts,
            "expired_while_reading": course.expired,
            "not_reached_by_live": course.left_out,
            "seconds": round(course.seconds, 3),
        }

    def _handlers(self, run: Run, control: Control) -> dict[str, Handler]:
        emits = run.asked["callbacks"] == "emit"
        telling = Telling(replay=True) if emits else Telling(suppressed=f"suppressed by replay {run.run_id}")
        return {
            type_: Handler(
                processor,
                pool=control.pool,
                dialects=self._dialects,
                wire_forms=self._wire_forms,
                limit=_NO_LIMIT,  # the taker has one of its own, for what was not parked before
                patience_seconds=self._settings.processors.retry_in_place_seconds,
                telling=telling,
                run_id=run.run_id,
            )
            for type_, processor in BY_TYPE.items()
        }
