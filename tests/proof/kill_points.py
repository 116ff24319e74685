"""Kills services at their points, as deep as asked for, and writes a report: `make kills`."""

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres
from store.migrate import migrate
from tests.proof.points import POINTS, Point
from tests.proof.scene import Scene, staged
from tests.proof.trials import Outcome, Plan, try_points
from tests.services_under_test import NOT_DURABLE, dsn_of

REPORT = Path("build/kill-points.json")

_EPILOG = """
Each seed is a stream of its own. By default all points are tried in one running hub for each seed and passing, the
services dying side by side; with --alone every single kill has a hub and a judgement of its own. Exit code 1: something
was lost, doubled or out of order, or a point was not passed.
"""


@dataclass(slots=True)
class Report:
    """What was tried, and what came of it."""

    seeds: Sequence[int]
    nth: Sequence[int]
    alone: bool
    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return all(outcome.ok for _, outcome in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """Totals first; then every trial, and every finding with its seed."""
        trials = [(seed, trial) for seed, outcome in self.outcomes for trial in outcome.trials]
        counts: Counter[str] = Counter()
        findings: dict[str, list[str]] = {}
        for seed, outcome in self.outcomes:
            counts.update(outcome.judgement.counts)
            for name, found in outcome.judgement.findings.items():
                findings.setdefault(name, []).extend(f"seed {seed}: {sentence}" for sentence in found)
        return {
            "ok": self.ok,
            "seeds": list(self.seeds),
            "nth": list(self.nth),
            "alone": self.alone,
            "points": len({trial.point for _, trial in trials}),
            "trials": len(trials),
            "kills": sum(trial.killed for _, trial in trials),
            "seconds": round(self.seconds, 1),
            **{name: len(found) for name, found in findings.items()},
            "counts": dict(sorted(counts.items())),
            "findings": findings,
            "each": [{"seed": seed, "killed": trial.killed, **asdict(trial)} for seed, trial in trials],
        }

    def table(self) -> Iterator[str]:
        """A line for each point: how often it was tried, how often it killed, how long that took at most."""
        by_point: dict[str, list[Any]] = {}
        for _, outcome in self.outcomes:
            for trial in outcome.trials:
                by_point.setdefault(trial.point, []).append(trial)
        yield f"{'point':<40} {'tried':>6} {'killed':>6} {'longest':>9}"
        for name, trials in by_point.items():
            longest = max(trial.seconds for trial in trials)
            yield f"{name:<40} {len(trials):>6} {sum(trial.killed for trial in trials):>6} {longest:>7.1f} s"


async def run(report: Report, points: Sequence[Point]) -> None:
    """Try these points with the report's seeds and passings, on a Kafka and a Postgres of our own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ticketwire-kills-") as folder:
        place = Path(folder)
        async with (
            EmbeddedKafka(place / "kafka") as kafka,
            EmbeddedPostgres(place / "postgres", extra_settings=NOT_DURABLE) as postgres,
        ):
            for seed, plan in _plans(report, points):
                async with _scene(kafka.bootstrap_servers, postgres.dsn, folder=place, seed=seed) as scene:
                    outcome = await try_points(scene, plan, seed=seed)
                report.outcomes.append((seed, outcome))
                report.seconds = time.monotonic() - began
                _say(f"seed {seed}, {_what(plan)}: {'ok' if outcome.ok else 'NOT OK'}\n{outcome}\n")


def _plans(report: Report, points: Sequence[Point]) -> Iterator[tuple[int, Plan]]:
    for seed, nth in itertools.product(report.seeds, report.nth):
        plan = [(point, nth) for point in random.Random(seed).sample(points, len(points))]
        yield from ((seed, [pair]) for pair in plan) if report.alone else ((seed, plan),)


def _what(plan: Plan) -> str:
    point, nth = plan[0]
    return f"{point.name} at passing {nth}" if len(plan) == 1 else f"{len(plan)} points at passing {nth}"


@asynccontextmanager
async def _scene(bootstrap: str, admin_dsn: str, *, folder: Path, seed: int) -> AsyncIterator[Scene]:
    """A scene with topics, a database and a folder of its own."""
    name = f"kills_{uuid.uuid4().hex[:10]}"
    logs = folder / name
    logs.mkdir()
    dsn = dsn_of(name, like=admin_dsn)
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        await migrate(dsn)
        async with staged(bootstrap=bootstrap, dsn=dsn, topic_prefix=f"{name}.", folder=logs, seed=seed) as scene:
            yield scene
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program for people


def main() -> None:
    """Parse the words, try, write the report."""
    parser = argparse.ArgumentParser(prog="make kills", description=__doc__, epilog=_EPILOG)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="streams to try with (default: 1)")
    parser.add_argument("--nth", type=int, nargs="+", default=[1, 2], help="passings to die at (default: 1 2)")
    parser.add_argument("--points", default="", metavar="PREFIX", help="only points whose name begins like this")
    parser.add_argument("--alone", action="store_true", help="one kill at a time, each judged by itself")
    words = parser.parse_args()
    points = [point for point in POINTS if point.name.startswith(words.points)]
    if not points:
        parser.error(f"no point begins with {words.points!r}; there are: {', '.join(p.name for p in POINTS)}")
    if min(words.nth) < 1:
        parser.error(f"passings are counted from 1, not {min(words.nth)}")
    report = Report(words.seeds, words.nth, words.alone)
    asyncio.run(run(report, points))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    _say("\n".join(report.table()))
    totals = {name: value for name, value in report.as_json().items() if isinstance(value, int | float)}
    _say(", ".join(f"{name} {value}" for name, value in totals.items()) + f"; all of it: {REPORT}")
    sys.exit(0 if report.ok else 1)


if __name__ == "__main__":
    main()
