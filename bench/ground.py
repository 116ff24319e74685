"""What every part of the benchmark stands on: the system under test, the processes around it, and the ledger."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from bench.events import SOURCE
from bench.job import Helper
from bench.ledger import Ledger, Sent
from runtime.settings import KafkaSettings

LOOK_SECONDS = 0.2
STALL_SECONDS = 30.0
"""When nothing moves for so long, what is missing is lost."""

PROCESSOR = "processor-ticketed"
"""The one that the events are for; the others look at their topics, and find nothing."""

PUBLISHER = "publisher"
CONNECTIONS = 64

_UNFINISHED = """
SELECT count(*) FROM callbacks WHERE endpoint_id = $1 AND state IN ('queued', 'waiting', 'pending', 'sending')
"""


class Machine(Protocol):
    """The running system, as the command line made it."""

    ingest: str
    """Its address."""

    dsn: str
    kafka: KafkaSettings
    secret: str
    """Of the source `bench.events.SOURCE`."""

    services: list[str]
    """Their names."""

    servers: Mapping[str, str]
    """Where Kafka and Postgres come from."""

    async def stop(self, service: str) -> None:
        """Stop one service."""

    async def start(self, service: str) -> None:
        """Start it again, and wait until it is ready."""

    async def start_another(self, service: str) -> str:
        """Start one more process of it, and wait until it is ready; returns its name."""

    async def remove(self, name: str) -> None:
        """Stop such a process for good."""

    async def console(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the console's API."""

    def processes(self) -> dict[str, int]:
        """Process ids of the services, and of Kafka and Postgres when they are embedded, by name."""


@dataclass(slots=True)
class Ground:
    """Shared by all parts. `ceilings`: the DSN of a database beside the one under test."""

    machine: Machine
    database: asyncpg.Connection
    ceilings: str
    folder: Path
    say: Callable[[str], None]
    generator: Helper
    sink: Helper
    noop: Helper
    bare_rows: Helper
    bare_client: Helper
    sink_url: str = ""
    noop_url: str = ""
    endpoint: str = ""
    ledger: Ledger = field(default_factory=Ledger)

    def processes(self) -> dict[str, int]:
        """Everything that runs, by name."""
        return self.machine.processes() | {"generator": self.generator.pid, "sink": self.sink.pid}

    @property
    def door(self) -> str:
        """Where the bench's source sends its events."""
        return f"{self.machine.ingest}/in/{SOURCE}"

    async def send(self, prefix: str, events: int, *, rate: float | None = None) -> Sent:
        """Send ticketed events of new orders, and note them in the ledger."""
        sent = await self.post(self.door, prefix, events=events, rate=rate)
        self.ledger.note_sent(sent)
        return sent

    async def post(self, url: str, prefix: str, *, connections: int = CONNECTIONS, **how: float | None) -> Sent:
        """The same to any address, as `generator.send` says; the ledger does not know of it."""
        file = self.folder / "sent"
        job = {"url": url, "prefix": prefix, "connections": connections, "times": str(file), **how}
        done = await self.generator.ask(secret=self.machine.secret, **job)
        return Sent.read(prefix, file, count=done["sent"], begun=done["begun_ns"])

    async def noop_per_s(self, prefix: str, events: int) -> float:
        """The ceiling of ingest, now."""
        return (await self.post(f"{self.noop_url}/in/{SOURCE}", prefix, events=events)).accepted_per_s

    async def unfinished(self) -> int:
        """Callbacks that are still to be delivered to the bench's endpoint."""
        return int(await self.database.fetchval(_UNFINISHED, self.endpoint))

    async def applied(self, events: int) -> None:
        """Wait until so many callbacks are owed and none was delivered."""
        await reach(self.unfinished, events)

    async def received(self, events: int) -> None:
        """Wait until the sink has so many callbacks and all are recorded, and take them into the ledger."""

        async def count() -> int:
            return int((await self.sink.ask(do="count"))["received"])

        await reach(count, events)
        await reach(self._finished, 0)
        file = self.folder / "received"
        await self.sink.ask(do="take", file=str(file))
        self.ledger.note_received(file)

    async def _finished(self) -> int:
        return -await self.unfinished()


async def reach(progress: Callable[[], Awaitable[int]], goal: int) -> None:
    """Wait until the progress is at the goal, or has not moved for `STALL_SECONDS`: the ledger will tell."""
    best, moved = await progress(), time.monotonic()
    while best < goal and time.monotonic() - moved < STALL_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        if (now := await progress()) > best:
            best, moved = now, time.monotonic()
