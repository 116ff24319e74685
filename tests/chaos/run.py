"""One run: a steady stream, the nemesis, and at the end the oracle's word."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from runtime.settings import KafkaSettings
from tests.chaos.nemesis import Nemesis
from tests.chaos.plan import Step, plan
from tests.chaos.probe import Prober, Recovery
from tests.chaos.readiness import Readiness
from tests.chaos.system import VOID_RETRIES, System
from tests.proof.judgement import Judgement
from tests.proof.log import KafkaView
from tests.proof.oracle import Evidence, judge
from tests.proof.stream import stream
from tests.proof.supplier import Supplier
from tests.waiting import until

_RECOVERY_PATIENCE_SECONDS = 90.0
_QUIET_PATIENCE_SECONDS = 180.0
_LOOK_SECONDS = 30.0
_PROCESSORS = ("ticketed", "void")
_UNFINISHED = (
    "SELECT state, count(*) FROM callbacks WHERE state IN ('queued', 'waiting', 'pending', 'sending') GROUP BY state"
)


@dataclass(frozen=True, slots=True)
class Options:
    """Of one run. `disk_bytes` is the size of the small disks, `no_disks` why there are none.

    `recovery_bound_seconds`: within it everything works again by itself, after every fault.
    """

    seconds: float
    seed: int
    rate: float
    folder: Path
    logs: Path
    no_disks: str | None
    disk_bytes: int
    recovery_bound_seconds: float


@dataclass(frozen=True, slots=True)
class Struck:
    """One step as it was carried out; `at` is seconds since the stream began."""

    at: float
    step: Step
    recovery: Recovery

    def __str__(self) -> str:
        faults = " + ".join(str(fault) for fault in self.step.faults)
        if self.recovery.seconds is None:
            return f"{self.at:7.1f} s  {faults}: NOT RECOVERED, {self.recovery.missing}"
        flow, ready = self.recovery.flow_seconds, self.recovery.ready_seconds
        return f"{self.at:7.1f} s  {faults}: flows after {flow:.1f} s, all ready after {ready:.1f} s"


@dataclass(slots=True)
class Found:
    """All that a run has found."""

    options: Options
    judgement: Judgement
    struck: list[Struck] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    not_possible: list[str] = field(default_factory=list)
    kills: int = 0
    seconds: float = 0.0

    @property
    def late(self) -> list[Struck]:
        """Steps from which the system did not recover within the bound."""
        bound = self.options.recovery_bound_seconds
        return [one for one in self.struck if one.recovery.seconds is None or one.recovery.seconds > bound]


async def chaos(options: Options, talk: Callable[[str], None]) -> Found:
    """Run it all. Raises what keeps the system from starting, or from coming to rest at the end."""
    disk_bytes = None if options.no_disks else options.disk_bytes
    steps = plan(options.seed, seconds=options.seconds)
    async with System(options.folder, options.logs, options.seed, disk_bytes) as system:
        supplier = Supplier(system.ingest_url, seed=options.seed)
        async with supplier, Readiness(system.services) as readiness:
            await until(lambda: not readiness.not_ready(since=0), seconds=90, what="every service's readiness")
            talk("everything is ready: the stream begins")
            prober = Prober(supplier, system.sink, readiness, partitions=KafkaSettings().partitions)
            nemesis = Nemesis(system, readiness, seed=options.seed, no_disks=options.no_disks)
            found = Found(options, Judgement())
            began = time.monotonic()
            sending = asyncio.create_task(supplier.send_all(stream(options.seed), per_second=options.rate))
            try:
                await _strike(steps, nemesis, prober, found, talk)
            finally:
                supplier.give_over()
                await sending
            found.seconds = time.monotonic() - began
            found.kills = nemesis.kills
            found.lies = [lie for away in nemesis.away for lie in readiness.lies(away)]
            talk("the stream has ended; waiting until nothing moves")
            found.judgement = await judged(system, supplier)
    return found


async def _strike(
    steps: Sequence[Step], nemesis: Nemesis, prober: Prober, found: Found, talk: Callable[[str], None]
) -> None:
    began = time.monotonic()
    for step in steps:
        if time.monotonic() - began + step.calm_seconds > found.options.seconds:
            return
        await asyncio.sleep(step.calm_seconds)
        at = time.monotonic() - began
        found.not_possible += await nemesis.strike(step)
        recovery = await prober.recovery(patience_seconds=_RECOVERY_PATIENCE_SECONDS)
        found.struck.append(Struck(at, step, recovery))
        talk(str(found.struck[-1]))


def view_of(system: System) -> KafkaView:
    """Its Kafka, seen past the proxies."""
    return KafkaView(system.kafka, topic_prefix=system.topic_prefix, processors=_PROCESSORS)


async def judged(system: System, supplier: Supplier) -> Judgement:
    """Wait until nothing moves any more, and hear the oracle."""
    async with asyncpg.create_pool(system.dsn, min_size=0, max_size=1) as pool, view_of(system) as view:
        await _rest(pool, view)
        async with asyncio.timeout(_QUIET_PATIENCE_SECONDS):
            records = await view.records()
        evidence = Evidence(supplier.ledger, system.sink.deliveries, records, {"executor": VOID_RETRIES})
        return await judge(system.dsn, evidence)


async def _rest(pool: asyncpg.Pool, view: KafkaView) -> None:
    """Wait until nothing moves any more; raises AssertionError that says what is left."""
    left, calm = (-1, {"unknown": -1}), 0

    async def at_rest() -> bool:
        nonlocal left, calm
        async with asyncio.timeout(_LOOK_SECONDS):
            left = await view.lag(), {row["state"]: row["count"] for row in await pool.fetch(_UNFINISHED)}
        calm = calm + 1 if left == (0, {}) else 0
        return calm > 2

    try:
        await until(at_rest, seconds=_QUIET_PATIENCE_SECONDS)
    except AssertionError:
        raise AssertionError(
            f"after {_QUIET_PATIENCE_SECONDS:g} s there are {left[0]} records uncommitted, callbacks {left[1]}"
        ) from None
