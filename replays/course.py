"""How far a replay is: the plan, where to read on, what was seen and counted. Immutable; kept as the run's progress."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from replays.reach import within_reach
from replays.reader import Batch, Plan, part_name, plan
from replays.runner import Control
from runtime.settings import KafkaSettings
from schemas.selection import Selection
from store.runs import Run

Counts = Mapping[str, Mapping[str, int]]
Span = tuple[int, int, int, int]
"""First and last offset, earliest and latest time in ms since the epoch."""


@dataclass(frozen=True, slots=True)
class Course:
    """`next`: offsets by part. `spans` of selected records: by part. `counts`: by a name of the task's choice, such as
    the type. `expired`: offsets that retention took before they were read. `left_out`: offsets that live will take, and
    has not reached. `seconds`: of work, over all replayers."""

    plan: Plan
    next: Mapping[str, int] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    expired: int = 0
    left_out: int = 0
    seconds: float = 0.0

    def moved(self, batch: Batch, counts: Counts, *, seconds: float) -> "Course":
        """After this batch."""
        return replace(
            self,
            next=batch.next,
            spans=_wider(self.spans, batch),
            counts=add_counts(self.counts, counts),
            expired=self.expired + batch.expired,
            seconds=self.seconds + seconds,
        )

    def progress(self) -> dict[str, Any]:
        """As JSON. `done` and `of` are offsets passed and planned, for whoever watches."""
        return {
            "plan": self.plan.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "next": dict(self.next),
            "done": self.plan.passed(self.next),
            "of": self.plan.offsets,
            "spans": {name: list(span) for name, span in self.spans.items()},
            "counts": {name: dict(counts) for name, counts in self.counts.items()},
            "expired": self.expired,
            "left_out": self.left_out,
            "seconds": round(self.seconds, 3),
        }


def _wider(spans: Mapping[str, Span], batch: Batch) -> dict[str, Span]:
    wider = dict(spans)
    for record in batch.records:
        name, at, ms = part_name(record.topic, record.partition), record.offset, record.timestamp
        first, last, earliest, latest = wider.get(name, (at, at, ms, ms))
        wider[name] = min(first, at), max(last, at), min(earliest, ms), max(latest, ms)
    return wider


def add_counts(one: Counts, other: Counts) -> dict[str, dict[str, int]]:
    """Each number added to the one of the same names."""
    sums = {name: dict(counts) for name, counts in one.items()}
    for name, counts in other.items():
        into = sums.setdefault(name, {})
        for word, count in counts.items():
            into[word] = into.get(word, 0) + count
    return sums


def client_id(run_id: UUID) -> str:
    """By what the brokers know this run."""
    return f"ticketwire-replay-{run_id}"


async def begin(run: Run, control: Control, settings: KafkaSettings) -> Course:
    """Where an earlier replayer left the run; else a new plan, kept at once, so that its end stays where it is: no
    further than live has come (replays/reach.py)."""
    if kept := run.progress:
        spans = {name: (span[0], span[1], span[2], span[3]) for name, span in kept["spans"].items()}
        return Course(
            Plan.model_validate(kept["plan"]),
            kept["next"],
            spans,
            kept["counts"],
            expired=kept["expired"],
            left_out=kept["left_out"],
            seconds=kept["seconds"],
        )
    selection = Selection.model_validate(run.asked["selection"])
    planned = await plan(settings, selection, client_id=client_id(run.run_id))
    reached, left_out = await within_reach(settings, planned)
    course = Course(reached, left_out=left_out)
    await control.checkpoint(course.progress())
    return course


class Stopwatch:
    """Seconds of work: restarted after each pause."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._begun = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._begun
