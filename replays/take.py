"""Take the batches of a replay: pass what is in already, handle the rest as live would, settle what was parked.

Every batch, the parked events that it settles and how far the run is are one transaction, so a run that is killed and
resumed counts nothing twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from dialects.contract import Inbound
from processors.decode import Record, decoded
from processors.handle import Handled, Handler
from processors.parking_limit import ParkingLimit, ParkingLimitReached
from replays.course import Course, Stopwatch
from replays.reader import Batch
from replays.routing import place_of, processors_of, record_id
from replays.runner import Control
from runtime.errors import Conflict
from schemas.arrival import Arrival, Coordinates
from schemas.topics import UNROUTED
from store.connection import Connection
from store.events import known_arrivals
from store.parked import ParkedEvent
from store.parking import Parking, parking_of
from store.redrives import settle_landed
from store.runs import Run

_IN_A_REPLAY = {"redelivered": "already_applied", "owed": "callbacks"}
"""What a handler counts under another name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch before it is handled. `records` are those that are neither in nor discarded, and `says` what each of them
    says; `settled` are parked events of records that are in: they landed by another way."""

    batch: Batch
    records: Sequence[Record]
    says: Sequence[Arrival | ParkedEvent]
    parking: Mapping[Coordinates, Parking]
    settled: Sequence[UUID]
    counts: Counter[str]


class Taker:
    """Takes the batches of one run, one after the other. `watch` counts the seconds since it was last restarted."""

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

    async def prepare(self, batch: Batch) -> Prepared:
        """Look at a batch while the one before is taken, and decode what was not in yet. What comes in between, by live
        or by that batch, meets the inbox and counts as in."""
        ids = [record_id(record) for record in batch.records]
        places = [place_of(record) for record in batch.records]
        async with self._control.pool.acquire() as connection:
            known = await known_arrivals(connection, [id_ for id_ in ids if id_ is not None]) if ids else set()
            parking = await parking_of(connection, places, processors=processors_of(batch.type))
        counts, records, settled = Counter(records=len(ids)), [], []
        for record, id_, at in zip(batch.records, ids, places, strict=True):
            parked = parking.get(at)
            if id_ in known:
                counts["already_applied"] += 1
                if parked is not None and parked.state == "parked":
                    settled.append(parked.parked_id)
            elif parked is not None and parked.state == "discarded":
                counts["discarded"] += 1
            else:
                records.append(record)
        says = await decoded(records, self._dialects)
        return Prepared(batch, records, says, parking, settled, counts)

    async def take(self, course: Course, found: Prepared) -> tuple[Course, int]:
        """The course after this batch, which is applied or parked, and how many of its events were not in before.

        Raises Conflict, with nothing of the batch taken, when it would pass the parking limit.
        """
        batch = found.batch
        if not found.records and not found.settled:
            counts = {batch.type: found.counts} if batch.records else {}
            course = course.moved(batch, counts, seconds=self.watch.seconds())
            await self._control.tell(course.progress())  # nothing was changed: forgotten, it is counted once more
            return course, 0
        take = self._take_unrouted if batch.type == UNROUTED else self._take_routed
        try:
            return await take(course, found), len(found.records)
        except ParkingLimitReached as reached:
            raise Conflict(
                f"stopped by the parking limit: {reached}; this batch was not taken, what came before it stays",
                hint="see: ticketwire parked groups; mend the cause, then replay once more",
            ) from reached

    async def _take_routed(self, course: Course, found: Prepared) -> Course:
        batch, handler = found.batch, self._handlers[found.batch.type]
        moved: list[Course] = []  # the last one counts: an outage may have had the batch begun again

        async def beside(connection: Connection, handled: Handled) -> None:
            counts = found.counts + await self._settle(connection, handled, found, found.records)
            moved.append(course.moved(batch, {batch.type: counts}, seconds=self.watch.seconds()))
            await self._control.note(connection, moved[-1].progress())

        self._count(await handler.handle(found.records, known=found.says, beside=beside), found)
        return moved[-1]

    async def _take_unrouted(self, course: Course, found: Prepared) -> Course:
        """Those whose type the present code knows go to its processor; the others stay where they are. The types are
        a transaction each: of a batch that was cut off, what landed counts as already applied."""
        counts = found.counts.copy()
        routed: dict[str, list[Record]] = {}
        for record, said in zip(found.records, found.says, strict=True):
            if isinstance(said, Arrival) and said.content.type in self._handlers:
                routed.setdefault(said.content.type, []).append(record)
            else:
                counts["unrouted"] += 1
        for type_, records in routed.items():
            counts += await self._take_type(type_, records, found)
        moved = course.moved(found.batch, {UNROUTED: counts}, seconds=self.watch.seconds())
        await self._control.checkpoint(moved.progress())
        return moved

    async def _take_type(self, type_: str, records: Sequence[Record], found: Prepared) -> Counter[str]:
        counted: list[Counter[str]] = []

        async def beside(connection: Connection, handled: Handled) -> None:
            counted.append(await self._settle(connection, handled, found, records))

        self._count(await self._handlers[type_].handle(records, beside=beside), found)
        return counted[-1]

    async def _settle(
        self, connection: Connection, handled: Handled, found: Prepared, records: Sequence[Record]
    ) -> Counter[str]:
        """Take what landed off the list of parked events; what became of the records."""
        self._limit.check(_were_parked_anew(handled, found))
        counts = Counter({_IN_A_REPLAY.get(word, word): count for word, count in handled.counts().items()})
        parked = {event.at for event in handled.parked}
        landed = [
            found.parking[at].parked_id
            for record in records
            if (at := place_of(record)) in found.parking and at not in parked
        ]
        if landed or found.settled:
            redriven = await settle_landed(connection, [*landed, *found.settled], run_id=self._run.run_id)
            counts["redriven"] = redriven
        counts["parked_again"] = len(parked & found.parking.keys())
        counts["parked_anew"] = counts.pop("parked", 0) - counts["parked_again"]
        return counts

    def _count(self, handled: Handled, found: Prepared) -> None:
        self._limit.count(_were_parked_anew(handled, found))


def _were_parked_anew(handled: Handled, found: Prepared) -> list[bool]:
    anew = sum(event.at not in found.parking for event in handled.parked)
    return [True] * anew + [False] * (len(handled.were_parked()) - anew)
