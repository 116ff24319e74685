"""Dry run: what lies in the range, and what of it is applied, parked or would be new. Changes nothing but its run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from dialects.contract import Inbound
from processors.decode import decode
from replays.course import Course, Stopwatch, begin, client_id
from replays.reader import Batch, Part, part_name, read
from replays.routing import BY_TYPE, place_of, processors_of, record_id
from replays.runner import Control
from replays.selection import StampedRecord
from runtime.settings import Settings
from schemas.arrival import Arrival
from schemas.topics import UNROUTED
from store.connection import Connection
from store.events import known_arrivals
from store.parking import parking_of
from store.runs import Run

BATCH_RECORDS = 2000
WORDS = ("records", "applied", "new", "parked", "parked_readable", "discarded", "unreadable", "unrouted")
"""What is counted. `new`: would land. `parked_readable`: those of the parked that the present code can read.
`unreadable`: neither applied nor parked, and the present code could not read it. `unrouted`: of a type nobody knows."""


class DryRun:
    """The mode `dry-run` of a replay."""

    def __init__(self, settings: Settings, dialects: Mapping[str, Inbound]) -> None:
        self._settings = settings
        self._dialects = dialects

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """Counts for each partition and type; raises as `replays.runner.Task` says."""
        course = await begin(run, control, self._settings.kafka)
        reading = read(
            self._settings.kafka,
            course.plan,
            course.next,
            client_id=client_id(run.run_id),
            batch_records=control.batch_records(BATCH_RECORDS, only_looks=True),
        )
        watch = Stopwatch()
        async with aclosing(reading) as batches:
            async for batch in batches:
                async with control.pool.acquire() as connection:
                    counts = await self._look(connection, batch)
                course = course.moved(batch, counts, seconds=watch.seconds())
                await control.tell(course.progress())
                await control.pace(0, looked_at=len(batch.records))
                watch.restart()
        await control.checkpoint(course.progress())
        return _result(course)

    async def _look(self, connection: Connection, batch: Batch) -> dict[str, Counter[str]]:
        """Counts by part."""
        ids = [record_id(record) for record in batch.records]
        known = await known_arrivals(connection, [id_ for id_ in ids if id_ is not None]) if batch.records else set()
        places = [place_of(record) for record in batch.records]
        parking = await parking_of(connection, places, processors=processors_of(batch.type))
        counts: dict[str, Counter[str]] = {}
        for record, id_, at in zip(batch.records, ids, places, strict=True):
            words = counts.setdefault(part_name(record.topic, record.partition), Counter())
            state = parking[at].state if at in parking else None
            words.update(("records", *self._words(batch.type, record, applied=id_ in known, state=state)))
        return counts

    def _words(self, type_: str, record: StampedRecord, *, applied: bool, state: str | None) -> Sequence[str]:
        if applied:
            return ("applied",)
        if state == "discarded":
            return ("discarded",)
        decoded = decode(record, self._dialects)
        readable = isinstance(decoded, Arrival)
        if state == "parked":
            return ("parked", "parked_readable") if readable else ("parked",)
        if type_ == UNROUTED:
            known = isinstance(decoded, Arrival) and decoded.content.type in BY_TYPE
            return ("new",) if known else ("unrouted",)
        return ("new",) if readable else ("unreadable",)


def _result(course: Course) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for counts in course.counts.values():
        total.update(counts)
    return {
        "total": {word: total[word] for word in WORDS},
        "parts": [_part(part, course) for part in course.plan.parts],
        "expired_while_reading": course.expired,
        "not_reached_by_live": course.left_out,
        "seconds": round(course.seconds, 3),
    }


def _part(part: Part, course: Course) -> dict[str, Any]:
    counts, span = course.counts.get(part.name, {}), course.spans.get(part.name)
    return {
        "type": part.type,
        "topic": part.topic,
        "partition": part.partition,
        "first_offset": span and span[0],
        "last_offset": span and span[1],
        "first_time": span and _time(span[2]),
        "last_time": span and _time(span[3]),
        **{word: counts.get(word, 0) for word in WORDS},
    }


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()
