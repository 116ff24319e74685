"""The benchmark's course: start what stands around the system, warm up, measure, settle the account."""

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.alone import measure_alone
from bench.databases import database_beside
from bench.durability import kafka_proof, must_hold, postgres_proof, signature_proof
from bench.ground import CONNECTIONS, Ground, Machine
from bench.job import Helper
from bench.processes import peak_resident_mb
from bench.surroundings import surroundings
from bench.whole import measure_steady, measure_whole

PARTS = ("alone", "whole", "steady")
WARM_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `events`: of each round; `seconds`: of the steady stretch."""

    events: int
    seconds: float
    rounds: int = 3
    parts: Sequence[str] = PARTS


async def run(machine: Machine, plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures. Raises NotDurable; what was lost or doubled stands in `ids`."""
    async with _ground(machine, say) as ground:
        where = await surroundings(ground.database, machine.servers)
        secret = await _make_endpoint(ground)
        say("warming up")
        warm = await ground.send("warm", min(plan.events, WARM_EVENTS))
        await ground.received(warm.accepted)
        figures = await _measure(ground, plan)
        example = (await ground.sink.ask(do="example"))["request"]
        proofs = {
            **await postgres_proof(ground.database),
            **await kafka_proof(machine.kafka),
            **signature_proof(ingest=machine.ingest, example=example, secret=secret),
        }
        must_hold(proofs)
        ids = await ground.ledger.ids(ground.database)
        resident = peak_resident_mb(machine.processes())
        return {**figures, "resident_mb": resident, "durability": proofs, **where, "ids": ids}


async def _measure(ground: Ground, plan: Plan) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for part in plan.parts:
        if part == "alone":
            found = await measure_alone(ground, events=plan.events, rounds=plan.rounds)
        elif part == "whole":
            found = await measure_whole(ground, events=plan.events, rounds=plan.rounds)
        else:
            found = await measure_steady(ground, seconds=plan.seconds)
        for section, values in found.items():
            figures[section] = figures.get(section, {}) | values
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
