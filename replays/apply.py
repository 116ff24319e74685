"""Apply: the range once more through the processors' own code. What was applied stays, what is missing or parked lands.

Every batch, the parked events that it settles and how far the run is are one transaction, so a run that is killed and
resumed counts nothing twice. What an operator discarded stays discarded (docs/decisions/0034).
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from dialects.contract import Inbound
from processors.decode import Record, decode
from processors.handle import Handled, Handler
from processors.parking_limit import ParkingLimit, ParkingLimitReached
from replays.course import CHECKPOINT_SECONDS, Course, Stopwatch, begin, client_id
from replays.reader import Batch, read
from replays.routing import BY_TYPE, place_of, processors_of
from replays.runner import Control
from runtime.errors import Conflict
from runtime.settings import Settings
from schemas.arrival import Arrival, Coordinates
from schemas.topics import UNROUTED
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.events import note_run
from store.owing import Telling
from store.parking import Parking, parking_of
from store.redrives import settle_landed
from store.runs import Run

_NO_LIMIT = ParkingLimit(window_records=1, limit_percent=100)
_IN_A_REPLAY = {"redelivered": "already_applied", "owed": "callbacks"}
"""What a handler counts under another name."""


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
        taker = _Taker(
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
        async with aclosing(reading) as batches:
            async for batch in batches:
                course = await taker.take(course, batch)
                await control.pace(len(batch.records))
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
            )
            for type_, processor in BY_TYPE.items()
        }


class _Taker:
    """Takes the batches of one run, one after the other."""

    def __init__(
        self,
        run: Run,
        control: Control,
        *,
        handlers: Mapping[str, Handler],
        dialects: Mapping[str, Inbound],
        limit: ParkingLimit,
    ) -> None:
        self.watch = Stopwatch()
        self._run = run
        self._control = control
        self._handlers = handlers
        self._dialects = dialects
        self._limit = limit
        self._kept_at = time.monotonic()

    async def take(self, course: Course, batch: Batch) -> Course:
        """The course after this batch, which is applied or parked."""
        if not batch.records:
            return await self._pass(course.moved(batch, {}, seconds=self.watch.seconds()))
        async with self._control.pool.acquire() as connection:
            places = [place_of(record) for record in batch.records]
            parking = await parking_of(connection, places, processors=processors_of(batch.type))
        discarded = {at for at, parked in parking.items() if parked.state == "discarded"}
        records = [record for record, at in zip(batch.records, places, strict=True) if at not in discarded]
        counts = Counter(records=len(places), discarded=len(discarded))
        try:
            take = self._take_unrouted if batch.type == UNROUTED else self._take_routed
            return await take(course, batch, records, parking, counts)
        except ParkingLimitReached as reached:
            raise Conflict(
                f"stopped by the parking limit: {reached}; this batch was not taken, what came before it stays",
                hint="see: ticketwire parked groups; mend the cause, then replay once more",
            ) from reached

    async def _pass(self, course: Course) -> Course:
        """Nothing of this batch was selected, so nothing hurts if this is forgotten."""
        if time.monotonic() - self._kept_at > CHECKPOINT_SECONDS:
            await self._control.checkpoint(course.progress())
            self._kept_at = time.monotonic()
        return course

    async def _take_routed(
        self,
        course: Course,
        batch: Batch,
        records: Sequence[Record],
        parking: Mapping[Coordinates, Parking],
        counts: Counter[str],
    ) -> Course:
        moved: list[Course] = []  # the last one counts: an outage may have had the batch begun again

        async def beside(connection: Connection, handled: Handled) -> None:
            settled = counts + await self._settle(connection, handled, records, parking)
            moved.append(course.moved(batch, {batch.type: settled}, seconds=self.watch.seconds()))
            await self._control.note(connection, moved[-1].progress())

        self._count(await self._handlers[batch.type].handle(records, beside=beside), parking)
        return moved[-1]

    async def _take_unrouted(
        self,
        course: Course,
        batch: Batch,
        records: Sequence[Record],
        parking: Mapping[Coordinates, Parking],
        counts: Counter[str],
    ) -> Course:
        """Those whose type the present code knows go to its processor; the others stay where they are. The types are
        a transaction each: of a batch that was cut off, what landed counts as already applied."""
        routed: dict[str, list[Record]] = {}
        for record in records:
            decoded = decode(record, self._dialects)
            if isinstance(decoded, Arrival) and decoded.content.type in self._handlers:
                routed.setdefault(decoded.content.type, []).append(record)
            else:
                counts["unrouted"] += 1
        for type_, of_type in routed.items():
            settled: list[Counter[str]] = []

            async def beside(
                connection: Connection,
                handled: Handled,
                of_type: Sequence[Record] = of_type,
                settled: list[Counter[str]] = settled,
            ) -> None:
                settled.append(await self._settle(connection, handled, of_type, parking))

            self._count(await self._handlers[type_].handle(of_type, beside=beside), parking)
            counts += settled[-1]
        moved = course.moved(batch, {UNROUTED: counts}, seconds=self.watch.seconds())
        await self._control.checkpoint(moved.progress())
        return moved

    async def _settle(
        self,
        connection: Connection,
        handled: Handled,
        records: Sequence[Record],
        parking: Mapping[Coordinates, Parking],
    ) -> Counter[str]:
        """Take what landed off the list of parked events, and note whose work it is; what became of the batch."""
        counts = Counter({_IN_A_REPLAY.get(word, word): count for word, count in handled.counts().items()})
        await note_run(connection, [arrival.arrival_id for arrival, _ in handled.result.verdicts], self._run.run_id)
        parked = {event.at for event in handled.parked}
        landed = [
            parking[at].parked_id for record in records if (at := place_of(record)) in parking and at not in parked
        ]
        counts["redriven"] = await settle_landed(connection, landed, run_id=self._run.run_id) if landed else 0
        counts["parked_again"] = len(parked & parking.keys())
        counts["parked_anew"] = counts.pop("parked", 0) - counts["parked_again"]
        self._limit.check(_were_parked_anew(handled, parking))
        return counts

    def _count(self, handled: Handled, parking: Mapping[Coordinates, Parking]) -> None:
        self._limit.count(_were_parked_anew(handled, parking))


def _were_parked_anew(handled: Handled, parking: Mapping[Coordinates, Parking]) -> list[bool]:
    anew = sum(event.at not in parking for event in handled.parked)
    return [True] * anew + [False] * (len(handled.were_parked()) - anew)
