"""What will go wrong, decided before it does: the same seed gives the same faults in the same order.

A plan is a list of steps: calm for a while, then one fault, or two at once. How long a recovery takes is not in the
plan, so a run carries out as much of it as its time allows.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tests.chaos.proxy import Trouble

_Card = TypeVar("_Card")
_TWO_AT_ONCE = 0.25
_CALM_SECONDS = (0.5, 3.0)


class Kind(StrEnum):
    """What a fault is."""

    KILL = "kill"
    """SIGKILL; started again at once by whoever runs it (a service), or after `seconds` (a server)"""
    RESTART = "restart"
    """SIGTERM, and started again"""
    PAUSE = "pause"
    """SIGSTOP for `seconds`, longer than a session or a lease lasts: a zombie when it goes on"""
    LINK = "link"
    """a trouble of a connection (`how`), for `seconds`"""
    DISK = "disk"
    """no room left on the disk for `seconds`"""
    STORM = "storm"
    """consumers come and go for `seconds`"""
    CLOCK = "clock"
    """one process's clock is wrong by `how` seconds, for `seconds`"""


SERVICES = (
    "ingest",
    "processor-ticketed-1",
    "processor-ticketed-2",
    "processor-void-1",
    "processor-void-2",
    "publisher-1",
    "publisher-2",
    "console",
)
SERVERS = ("kafka", "postgres")
LINKS = ("kafka", "postgres", "publishers-postgres", "endpoints")
CONSUMERS = ("ticketed", "void")

TARGETS: Mapping[Kind, Sequence[tuple[str, str]]] = {
    Kind.KILL: [(name, "") for name in (*SERVICES, *SERVERS)],
    Kind.RESTART: [(name, "") for name in (*SERVICES, *SERVERS)],
    Kind.PAUSE: [(name, "") for name in SERVICES if name != "console"],
    Kind.LINK: [(link, trouble) for link in LINKS for trouble in Trouble],
    Kind.DISK: [(name, "") for name in SERVERS],
    Kind.STORM: [(name, "") for name in CONSUMERS],
    Kind.CLOCK: [(name, jump) for name in SERVICES for jump in ("+3600", "-3600")],
}
"""Per kind, what it can hit, and how."""

_WEIGHTS = {Kind.KILL: 3, Kind.LINK: 3, Kind.PAUSE: 2}
_SECONDS: Mapping[Kind, tuple[float, float]] = {
    Kind.KILL: (0.5, 8.0),
    Kind.RESTART: (0.0, 0.0),
    Kind.PAUSE: (12.0, 18.0),
    Kind.LINK: (2.0, 12.0),
    Kind.DISK: (4.0, 10.0),
    Kind.STORM: (5.0, 10.0),
    Kind.CLOCK: (3.0, 8.0),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, for `seconds` (0: for a moment)."""

    kind: Kind
    target: str
    seconds: float
    how: str = ""

    def __str__(self) -> str:
        what = " ".join(part for part in (self.kind.value, self.target, self.how) if part)
        return f"{what} {self.seconds:.1f} s" if self.seconds else what


@dataclass(frozen=True, slots=True)
class Step:
    """Calm for so many seconds, then these faults at once."""

    calm_seconds: float
    faults: tuple[Fault, ...]


def plan(seed: int, *, seconds: float) -> list[Step]:
    """Enough steps for a run of this length, even if every recovery were immediate."""
    steps: list[Step] = []
    coming, planned = _steps(seed), 0.0
    while planned < seconds:
        step = next(coming)
        steps.append(step)
        planned += step.calm_seconds + max(fault.seconds for fault in step.faults)
    return steps


def _steps(seed: int) -> Iterator[Step]:
    draw = random.Random(f"nemesis {seed}")
    faults = _faults(draw)
    while True:
        chosen = [next(faults)]
        if draw.random() < _TWO_AT_ONCE and (beside := next(faults)).target != chosen[0].target:
            chosen.append(beside)
        yield Step(round(draw.uniform(*_CALM_SECONDS), 2), tuple(chosen))


def _faults(draw: random.Random) -> Iterator[Fault]:
    """Without end. Each kind comes up again and again, and each of its targets before any does a second time."""
    decks = {kind: _deck(draw, targets) for kind, targets in TARGETS.items()}
    kinds = _deck(draw, [kind for kind in Kind for _ in range(_WEIGHTS.get(kind, 1))])
    for kind in kinds:
        target, how = next(decks[kind])
        at_once = kind == Kind.KILL and target not in SERVERS
        yield Fault(kind, target, 0.0 if at_once else round(draw.uniform(*_SECONDS[kind]), 2), how)


def _deck(draw: random.Random, cards: Sequence[_Card]) -> Iterator[_Card]:
    """Every card once, shuffled; then again."""
    while True:
        yield from draw.sample(cards, len(cards))
