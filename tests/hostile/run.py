"""The long run: every kind of hostile case in its share, and isolation measured on a database of its own."""

import asyncio
import sys
import time
import zlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg

from store.migrate import migrate
from tests.hostile import isolation
from tests.hostile.described import hold_to_document
from tests.hostile.manners import crowded, misbehave
from tests.hostile.processes import Holdings
from tests.hostile.stand import TOKEN, Stand, standing
from tests.hostile.storm import BAD_AT_MOST, Tally, storm
from tests.hostile.wire import send_raw
from tests.services.publishers.world import world_on
from tests.services_under_test import dsn_of, kafka_by, postgres_by
from tests.sink import Sink
from tests.waiting import until

GROWTH_BYTES = 192 * 1024 * 1024
_WINDOWS, _SAMPLES = 5, 600
"""Of isolation. With fewer samples a 99th percentile is the second largest or so, and says little."""

_CONSOLE_SHARE, _DESCRIBED_SHARE, _WIRE_SHARE = 0.22, 0.03, 0.03


@dataclass(slots=True)
class Found:
    """All of one run."""

    seed: str
    tally: Tally = field(default_factory=Tally)
    before: dict[str, Holdings] = field(default_factory=dict)
    after: dict[str, Holdings] = field(default_factory=dict)
    waits: dict[str, isolation.Waits] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def bad(self) -> list[str]:
        """Everything that was not as promised."""
        return [*self.tally.bad, *self._held(), *self._held_up()]

    def _held(self) -> list[str]:
        problems = []
        for name, held in self.after.items():
            if held.resident - self.before[name].resident > GROWTH_BYTES:
                problems.append(f"{name} grew from {self.before[name].resident} to {held.resident} bytes")
        return problems

    def _held_up(self) -> list[str]:
        return [
            f"{name} holds others up: {waits}" for name, waits in self.waits.items() if waits.held_up or waits.slowed
        ]


async def fuzz(found: Found, *, cases: int, folder: Path) -> None:
    """Ask about `cases` cases."""
    begun = time.monotonic()
    async with postgres_by("embedded", folder) as admin, kafka_by("embedded", folder) as bootstrap:
        dsn = await _database("fuzz", admin)
        async with standing(bootstrap, "fuzz.", dsn, folder) as stand:
            await _ask(stand, found, cases=cases)
    found.seconds = time.monotonic() - begun


async def isolate(found: Found, *, folder: Path) -> None:
    """Measure how much each kind of trouble changes the waits of others, on a database of its own."""
    async with postgres_by("embedded", folder) as admin:
        for name in (*isolation.BAD_ENDPOINTS, "refused order"):
            _say(f"isolation beside: {name}")
            async with world_on(await _database(f"isolation_{len(found.waits)}", admin)) as world, Sink() as sink:
                if name in isolation.BAD_ENDPOINTS:
                    waits = await isolation.beside_bad_endpoints(
                        world, sink, [name], windows=_WINDOWS, samples=_SAMPLES
                    )
                else:
                    waits = await isolation.beside_a_refused_order(world, sink, windows=_WINDOWS, samples=_SAMPLES)
            found.waits[name] = waits


async def _ask(stand: Stand, found: Found, *, cases: int) -> None:
    services = (stand.ingest, stand.console)
    found.before = {service.name: service.holdings() for service in services}
    tally, seed = found.tally, found.seed
    console, described, wire = (round(cases * part) for part in (_CONSOLE_SHARE, _DESCRIBED_SHARE, _WIRE_SHARE))
    _say("what is no HTTP, and bad manners")
    while tally.cases < wire and len(tally.bad) < BAD_AT_MOST:
        for door in stand.doors:
            await send_raw(door, tally)
            await misbehave(door, tally)
    for door in stand.doors:
        await crowded(door, tally, clients=1000, questions=10)
    _say("the console against its document")
    url = f"http://127.0.0.1:{stand.console.port}"
    number = zlib.crc32(seed.encode())
    await asyncio.to_thread(hold_to_document, url, TOKEN, cases=described, seeded=number, tally=tally)
    _say("the console, with rubbish")
    await storm(stand.console.port, stand.console_cases.draw, cases=console, seed=seed, tally=tally)
    _say("ingest, with spoilt documents")
    await storm(stand.ingest.port, stand.ingest_cases.draw, cases=max(0, cases - tally.cases), seed=seed, tally=tally)
    for service in services:
        await until(partial(service.gave_back, found.before[service.name]), what="files to be closed")
    found.after = {service.name: service.holdings() for service in services}


async def _database(name: str, admin: str) -> str:
    """A new database with Ticketwire's schema."""
    administrator = await asyncpg.connect(admin)
    await administrator.execute(f"CREATE DATABASE {name}")
    await administrator.close()
    dsn = dsn_of(name, like=admin)
    await migrate(dsn)
    return dsn


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
