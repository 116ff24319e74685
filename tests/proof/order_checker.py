"""Whether callbacks came in their order: a linear check of what a sink received (DESIGN §2 rule 5).

For each endpoint and order: nothing later is sent while something earlier is not accepted, so nothing later is
accepted first. What was given up makes way for what follows, and is not sent again after that. A repeat of what was
accepted already is allowed: its sender was killed, or its answer was lost.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

Turn = tuple[str, UUID]
"""An endpoint's name and an order: what has one sequence."""

Place = tuple[str, UUID, int]
"""One callback's place in its sequence."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that a sink received whole, at the moment `at`. `accepted_at`: when it said 2xx; None: it did not.

    Times are seconds of one clock. `sequence` is the callback's, from the table `callbacks`.
    """

    at: float
    accepted_at: float | None
    endpoint: str
    order: UUID
    sequence: int
    callback: UUID


@dataclass(slots=True)
class _Line:
    """One endpoint and order while its calls are looked at in time's order."""

    owed: list[int]
    accepted: dict[int, float] = field(default_factory=dict)
    head: int = 0
    latest: int = -1


def violations(
    calls: Iterable[Call], *, owed: Mapping[Turn, Collection[int]] | None = None, given_up: Collection[Place] = ()
) -> list[str]:
    """What is out of order, in words; empty: nothing.

    `owed` are the sequence numbers that each endpoint is owed of each order, sent or not (default: those that were
    sent); `given_up` ended without being accepted.
    """
    history = sorted(calls, key=lambda call: call.at)
    numbers = _sent(history) if owed is None else owed
    excused = frozenset(given_up)
    lines: dict[Turn, _Line] = {}
    found: list[str] = []
    for call in history:
        turn = (call.endpoint, call.order)
        line = lines.get(turn) or lines.setdefault(turn, _Line(sorted(numbers.get(turn, ()))))
        wrong = _wrong(call, line, excused)
        if wrong:
            found.append(f"endpoint {call.endpoint}, order {call.order}: callback {call.callback} {wrong}")
        line.latest = max(line.latest, call.sequence)
        if call.accepted_at is not None:
            first = line.accepted.get(call.sequence, call.accepted_at)
            line.accepted[call.sequence] = min(first, call.accepted_at)
    return found


def _wrong(call: Call, line: _Line, excused: Collection[Place]) -> str:
    """What is wrong with this call, given all before it."""

    def is_past(sequence: int) -> bool:
        """Whether what follows this one may be sent."""
        accepted_at = line.accepted.get(sequence)
        if accepted_at is not None:
            return accepted_at <= call.at
        return (call.endpoint, call.order, sequence) in excused

    if call.sequence not in line.owed:
        return f"has sequence {call.sequence}, which is not owed"
    while line.head < len(line.owed) and line.owed[line.head] < call.sequence and is_past(line.owed[line.head]):
        line.head += 1
    if line.head < len(line.owed) and (first := line.owed[line.head]) < call.sequence:
        return f"of sequence {call.sequence} was sent before {first} was accepted"
    repeats = line.accepted.get(call.sequence, call.at + 1) <= call.at
    if line.latest > call.sequence and not repeats:
        return f"of sequence {call.sequence} was sent after {line.latest}, without having been accepted before it"
    return ""


def _sent(history: Sequence[Call]) -> dict[Turn, set[int]]:
    numbers: dict[Turn, set[int]] = {}
    for call in history:
        numbers.setdefault((call.endpoint, call.order), set()).add(call.sequence)
    return numbers
