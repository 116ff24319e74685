"""Many cases over several connections, counted by kind and status, and what was wrong with any of them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tests.hostile.talk import Answer, Line, Silence

BAD_AT_MOST = 20
"""After so many it is known that something is wrong."""


class Case(Protocol):
    """What is sent, and the judgement of what comes back."""

    @property
    def kind(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def sent(self) -> bytes: ...

    def problem(self, answer: Answer) -> str | None:
        """What is wrong with the answer, or None."""


@dataclass(slots=True)
class Tally:
    """Cases by (kind, status class), and the bad ones in words."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return sum(self.counts.values())

    def note(self, kind: str, status: int | str, problem: str | None = None) -> None:
        """Count one case."""
        self.counts[kind, f"{status // 100}xx" if isinstance(status, int) else status] += 1
        if problem is not None:
            self.bad.append(f"{kind}: {problem}")


async def storm(
    port: int, draw: Callable[[random.Random], Case], *, cases: int, seed: str, tally: Tally, lines: int = 16
) -> None:
    """Ask `cases` cases; each has chance of its own, so that `seed` and number make it again."""
    numbers = iter(range(cases))
    await asyncio.gather(*(_ask(port, draw, numbers, seed=seed, tally=tally) for _ in range(lines)))


async def _ask(
    port: int, draw: Callable[[random.Random], Case], numbers: Iterator[int], *, seed: str, tally: Tally
) -> None:
    async with Line(port) as line:
        for number in numbers:
            if len(tally.bad) >= BAD_AT_MOST:
                return
            case = draw(random.Random(f"{seed}/{number}"))
            try:
                answer = await line.ask(case.sent, method=case.method)
            except Silence as silence:
                tally.note(case.kind, "none", f"{seed}/{number} was not answered: {silence}; {case.sent[:300]!r}")
                continue
            problem = case.problem(answer)
            said = problem and f"{seed}/{number}: {problem}; asked {case.sent[:300]!r}, answered {answer.body[:300]!r}"
            tally.note(case.kind, answer.status, said)
