"""The benchmark's course: start what stands around the system, warm up, measure, settle the account."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.alone import measure_alone
from bench.claims import measure_claims
from bench.databases import database_beside
from bench.dead_endpoint import measure_dead_endpoint
from bench.durability import kafka_proof, must_hold, postgres_proof, signature_proof
from bench.ground import CONNECTIONS, Ground, Machine
from bench.job import Helper
from bench.overload import measure_overload
from bench.pairs import measure_pairs
from bench.processes import peak_resident_mb
from bench.replays import measure_replays
from bench.surroundings import surroundings
from bench.whole import measure_steady, measure_whole

MAIN_PARTS = ("alone", "whole", "steady")
MORE_PARTS = ("pairs", "claims", "replays", "dead-endpoint", "overload")
"""In this order: a rebuild finds all that is in Postgres on Kafka, as long as nobody fills Postgres by hand."""

PARTS = MAIN_PARTS + MORE_PARTS
WARM_EVENTS = 1000
WARM_PER_S = 200.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `events`: of each round; `seconds`: of the steady stretch; `overload`: of the overload;
    `few` and `many` callbacks that wait for a claim; `due` ones of the dead endpoint."""

    events: int
    seconds: float
    rounds: int = 3
    overload: float = 600.0
    few: int = 10_000
    many: int = 1_000_000
    due: int = 100_000
    parts: Sequence[str] = MAIN_PARTS


async def run(machine: Machine, plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures. Raises NotDurable; what was lost or doubled stands in `ids`."""
    async with _ground(machine, say) as ground:
        where = await surroundings(ground.database, machine.servers)
        secret = await _make_endpoint(ground)
        proofs = await _warm_up(ground, secret)
        figures = await _measure(ground, plan)
        ids = await ground.ledger.ids(ground.database)
        ids["lost"] += figures.get("overload", {}).get("lost", 0)
        figures["largest_service_mb"] = max(figures["resident_mb"].get(name, 0.0) for name in machine.services)
        return {**figures, "durability": proofs, **where, "ids": ids}


async def _warm_up(ground: Ground, secret: str) -> dict[str, Any]:
    """Slowly at first: Postgres counts what a session did once a second. Then ask how durable it is."""
    ground.say("warming up")
    for prefix, rate in (("warm", WARM_PER_S), ("warmer", None)):
        sent = await ground.send(prefix, WARM_EVENTS // 2, rate=rate)
        await ground.received(sent.accepted)
    example = (await ground.sink.ask(do="example"))["request"]
    proofs = {
        **await postgres_proof(ground.database),
        **await kafka_proof(ground.machine.kafka),
        **signature_proof(ingest=ground.machine.ingest, example=example, secret=secret),
    }
    must_hold(proofs)
    return proofs


async def _measure(ground: Ground, plan: Plan) -> dict[str, Any]:
    resident: dict[str, float] = {}
    figures: dict[str, Any] = {"resident_mb": resident}
    measures: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "alone": lambda: measure_alone(ground, events=plan.events, rounds=plan.rounds),
        "whole": lambda: measure_whole(ground, events=plan.events, rounds=plan.rounds),
        "steady": lambda: measure_steady(ground, seconds=plan.seconds),
        "pairs": lambda: measure_pairs(ground, events=plan.events, rounds=plan.rounds),
        "claims": lambda: measure_claims(ground, few=plan.few, many=plan.many),
        "dead-endpoint": lambda: measure_dead_endpoint(ground, seconds=plan.seconds, rounds=plan.rounds, due=plan.due),
        "replays": lambda: measure_replays(ground, events=plan.events, rounds=plan.rounds),
        "overload": lambda: measure_overload(ground, seconds=plan.overload),
    }
    for part in [part for part in PARTS if part in plan.parts]:
        found = await measures[part]()
        for section, values in found.items():
            figures[section] = figures.get(section, {}) | values
        for name, megabytes in peak_resident_mb(ground.machine.processes()).items():
            resident[name] = max(megabytes, resident.get(name, 0.0))
    return figures


async def _make_endpoint(ground: Ground) -> str:
    form = {"name": "bench", "url": f"{ground.sink_url}/hook", "dialect": "standard", "max_in_flight": CONNECTIONS}
    made = await ground.machine.console("POST", "/endpoints", form)
    ground.endpoint = made["endpoint_id"]
    return str(made["secret"])


@asynccontextmanager
async def _ground(machine: Machine, say: Callable[[str], None]) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketwire-bench-")))
        database = await asyncpg.connect(machine.dsn)
        stack.push_async_callback(database.close)
        ground = Ground(
            machine=machine,
            database=database,
            ceilings=await stack.enter_async_context(database_beside(machine.dsn)),
            folder=folder,
            say=say,
            generator=await stack.enter_async_context(Helper("bench.generator")),
            sink=await stack.enter_async_context(Helper("bench.sink")),
            noop=await stack.enter_async_context(Helper("bench.noop")),
            bare_rows=await stack.enter_async_context(Helper("bench.bare_rows")),
            bare_client=await stack.enter_async_context(Helper("bench.bare_client")),
        )
        ground.sink_url = (await ground.sink.ask(do="where"))["url"]
        ground.noop_url = (await ground.noop.ask())["url"]
        yield ground
