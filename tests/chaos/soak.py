"""python -m tests.chaos.soak --minutes 30: a steady load for long, and whatever grows that should not.

Exits 0 when no figure grows by more than is allowed, and the oracle finds nothing; 1 when not.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.chaos.command import empty_logs, run, say, scratch, write_json
from tests.chaos.readiness import Readiness
from tests.chaos.run import judged, view_of
from tests.chaos.samples import Sampler
from tests.chaos.system import System
from tests.chaos.trend import Allowance, Point, Trend, grows, trend
from tests.proof.judgement import Judgement
from tests.proof.stream import stream
from tests.proof.supplier import Supplier
from tests.waiting import until

JSON_FILE = "soak.json"
_EVERY_SECONDS = 4.0
_SAID_EVERY_SECONDS = 60.0

_ALLOWANCES: list[tuple[str, Allowance]] = [
    ("resident of", Allowance(share=0.10, amount=10.0)),
    ("open files of", Allowance(amount=12.0)),
    ("bytes per event", Allowance(share=0.15, amount=20.0)),
    ("lag of", Allowance(amount=60.0)),
    ("due to sent", Allowance(share=1.0, amount=60.0)),
]
"""What may grow in an hour, by a word of the figure's name; see docs/reliability.md for how they were measured."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One series, judged; `why_not` says why it could not be."""

    name: str
    first: float
    last: float
    trend: Trend | None
    allowed_per_hour: float
    grows: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What a soak found."""

    minutes: float
    rate: float
    figures: list[Figure]
    judgement: Judgement

    @property
    def bad(self) -> list[str]:
        """What makes it a failure, in words."""
        growing = [
            f"{one.name} grows by {one.trend.per_hour:.1f} an hour, allowed are {one.allowed_per_hour:.1f}"
            for one in self.figures
            if one.grows and one.trend
        ]
        unsaid = [f"{one.name}: {one.why_not}" for one in self.figures if one.why_not]
        return growing + unsaid + [f"{len(s)} {name}" for name, s in self.judgement.findings.items() if s]


async def soak(
    folder: Path, logs: Path, *, minutes: float, rate: float, seed: int, talk: Callable[[str], None]
) -> Soaked:
    """Load, sample, judge."""
    async with System(folder, logs, seed, None) as system:
        supplier = Supplier(system.ingest_url, seed=seed)
        async with asyncpg.create_pool(system.dsn, min_size=0, max_size=2) as pool, view_of(system) as view, supplier:
            async with Readiness(system.services) as readiness:
                await until(lambda: not readiness.not_ready(since=0), seconds=90, what="every service's readiness")
            sampler = Sampler(system, pool, view, every_seconds=_EVERY_SECONDS)
            sending = asyncio.create_task(supplier.send_all(stream(seed), per_second=rate))
            sampling = asyncio.create_task(sampler.keep_sampling())
            try:
                await _wait(minutes, sampling, sampler, talk)
            finally:
                sampling.cancel()
                supplier.give_over()
                with suppress(asyncio.CancelledError):
                    await sampling
                await sending
            talk("the load has ended; waiting until nothing moves")
            judgement = await judged(system, supplier)
    figures = [_judge(name, series) for name, series in sampler.series.items()]
    return Soaked(minutes, rate, figures, judgement)


async def _wait(minutes: float, sampling: asyncio.Task[None], sampler: Sampler, talk: Callable[[str], None]) -> None:
    """For so long, or until the sampling fails; says now and then how far it is."""
    left = minutes * 60
    while left > 0:
        await asyncio.wait({sampling}, timeout=min(left, _SAID_EVERY_SECONDS))
        if sampling.done():
            await sampling
        left -= _SAID_EVERY_SECONDS
        latest = {name: points[-1][1] for name, points in sampler.series.items()}
        resident = sum(value for name, value in latest.items() if name.startswith("resident"))
        talk(f"{max(0.0, left) / 60:5.1f} min left; all services {resident:.0f} MB, lag {latest.get(_LAG, 0):.0f}")


_LAG = "lag of processors, records"


def _judge(name: str, series: list[Point]) -> Figure:
    allowance = next(allowed for words, allowed in _ALLOWANCES if words in name)
    try:
        found = trend(series)
    except ValueError as error:
        return Figure(name, series[0][1], series[-1][1], None, 0.0, grows=False, why_not=str(error))
    allowed = allowance.of(found.level)
    return Figure(name, series[0][1], series[-1][1], found, allowed, grows(found, allowance))


def _text(found: Soaked) -> str:
    head = f"{'figure':42} {'first':>10} {'last':>10} {'per hour':>10} {'surely':>10} {'allowed':>10}"
    lines = ["", head]
    for one in found.figures:
        slope, surely = (one.trend.per_hour, one.trend.surely_per_hour) if one.trend else (0.0, 0.0)
        figures = (one.first, one.last, slope, surely, one.allowed_per_hour)
        shown = " ".join(f"{figure:10.1f}" for figure in figures)
        lines.append(f"{one.name:42} {shown}{'  GROWS' if one.grows else ''}")
    lines += ["", str(found.judgement), ""]
    lines.append("bad: " + "; ".join(found.bad) if found.bad else "nothing grows, nothing is lost")
    return "\n".join(lines)


def _as_json(found: Soaked) -> dict[str, Any]:
    counts = dict(found.judgement.counts)
    findings = {name: sentences[:100] for name, sentences in found.judgement.findings.items() if sentences}
    return {
        "minutes": found.minutes,
        "rate_per_second": found.rate,
        "counts": counts,
        "findings": findings,
        "figures": [asdict(one) for one in found.figures],
        "bad": found.bad,
    }


def main() -> int:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the load lasts")
    parser.add_argument("--rate", type=float, default=40.0, help="webhooks in a second")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same stream")
    parser.add_argument("--into", type=Path, default=Path("build"), help="folder for the report and the logs")
    words = parser.parse_args()
    logs = empty_logs(words.into, name="soak")
    with scratch("soak") as folder:
        found = run(lambda: soak(Path(folder), logs, minutes=words.minutes, rate=words.rate, seed=words.seed, talk=say))
    write_json(words.into / JSON_FILE, _as_json(found))
    say(_text(found))
    return 1 if found.bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
