"""The benchmark: each step alone, then the whole way, and every id reconciled.

Rates are what this machine gave, with everything (Kafka, Postgres, services, generator and receiver) on it: quote them
as ratios to each other, or repeat them on yours.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import psutil

from bench.load import Sent, post_all, ticketed
from bench.sink import Sink

POLL_SECONDS = 0.05


class Machine(Protocol):
    """The running system, as the command line made it."""

    ingest_url: str
    dsn: str

    async def stop(self, service: str) -> None:
        """Stop one service."""

    async def start(self, service: str) -> None:
        """Start it again, and wait until it is ready."""

    async def make_endpoint(self, url: str) -> None:
        """Make an endpoint of the standard dialect there."""

    def processes(self) -> dict[str, int]:
        """Process ids by name."""


@dataclass(frozen=True, slots=True)
class _Spans:
    """First and last moments, by Postgres' clock."""

    applied_seconds: float
    delivered_seconds: float


class Benchmark:
    """One run over `events` events of each kind."""

    def __init__(self, machine: Machine, *, events: int, until: Callable[[Callable[[], Awaitable[bool]]], Any]) -> None:
        self._machine = machine
        self._events = events
        self._until = until

    async def run(self) -> dict[str, Any]:
        """All figures; raises nothing for a bad one: `ids` tells."""
        async with Sink() as sink:
            database = await asyncpg.connect(self._machine.dsn)
            try:
                await self._machine.make_endpoint(sink.url)
                alone = await self._alone(database)
                whole = await self._whole(database)
                ids = await self._ids(database, sink)
            finally:
                await database.close()
        return {**alone, "e2e": whole, "resident_mb": self._memory(), "ids": ids}

    async def _alone(self, database: asyncpg.Connection) -> dict[str, Any]:
        """Each step by itself, the others stopped."""
        for service in ("processor-ticketed", "publisher"):
            await self._machine.stop(service)
        sent = await self._send("alone")
        await self._machine.start("processor-ticketed")
        await self._reach(database, "SELECT count(*) FROM orders WHERE order_no LIKE 'alone-%'")
        await self._machine.stop("processor-ticketed")
        await self._machine.start("publisher")
        await self._reach(database, "SELECT count(*) FROM callbacks WHERE state = 'delivered'")
        await self._machine.start("processor-ticketed")
        spans = await self._spans(database, "alone-%")
        return {
            "ingest": {
                "accepted_per_s": round(self._events / sent.seconds),
                "p50_ms": round(sent.percentile(50), 2),
                "p99_ms": round(sent.percentile(99), 2),
            },
            "processors": {"applied_per_s": round(self._events / spans.applied_seconds)},
            "publishers": {"delivered_per_s": round(self._events / spans.delivered_seconds)},
        }

    async def _whole(self, database: asyncpg.Connection) -> dict[str, Any]:
        sent = await self._send("whole")
        await self._reach(database, "SELECT count(*) FROM callbacks WHERE state = 'delivered'", rounds=2)
        latencies = await database.fetch(
            "SELECT extract(epoch FROM a.finished_at - e.arrived_at) * 1000 AS ms FROM attempts a"
            " JOIN callbacks c USING (callback_id) JOIN events e USING (event_id)"
            " JOIN orders o ON o.order_id = c.order_id"
            " WHERE o.order_no LIKE 'whole-%' AND a.outcome = 'delivered' ORDER BY 1"
        )
        first, last = await self._moments(database)
        return {
            "accepted_per_s": round(self._events / sent.seconds),
            "delivered_per_s": round(self._events / (last - first).total_seconds()),
            "p50_ms": round(float(latencies[len(latencies) // 2]["ms"])),
            "p99_ms": round(float(latencies[int(len(latencies) * 0.99)]["ms"])),
        }

    async def _send(self, name: str) -> Sent:
        return await post_all(self._machine.ingest_url, [ticketed(f"{name}-{n:07}") for n in range(self._events)])

    async def _reach(self, database: asyncpg.Connection, sql: str, *, rounds: int = 1) -> None:
        async def reached() -> bool:
            return bool(await database.fetchval(sql) >= self._events * rounds)

        await self._until(reached)

    async def _spans(self, database: asyncpg.Connection, like: str) -> _Spans:
        row = await database.fetchrow(
            "SELECT extract(epoch FROM max(r.processed_at) - min(r.processed_at)) AS applied,"
            " (SELECT extract(epoch FROM max(a.finished_at) - min(a.started_at)) FROM attempts a) AS delivered"
            " FROM arrivals r JOIN orders o USING (order_id) WHERE o.order_no LIKE $1",
            like,
        )
        assert row is not None  # noqa: S101 - an aggregate always gives a row
        return _Spans(float(row["applied"]), float(row["delivered"]))

    async def _moments(self, database: asyncpg.Connection) -> tuple[Any, Any]:
        row = await database.fetchrow(
            "SELECT min(e.arrived_at) AS first, max(c.finished_at) AS last"
            " FROM events e JOIN callbacks c USING (event_id)"
            " JOIN orders o ON o.order_id = c.order_id WHERE o.order_no LIKE 'whole-%'"
        )
        assert row is not None  # noqa: S101 - an aggregate always gives a row
        return row["first"], row["last"]

    async def _ids(self, database: asyncpg.Connection, sink: Sink) -> dict[str, int]:
        """Every event sent against every callback received."""
        sent = self._events * 2
        owed = await database.fetchval("SELECT count(*) FROM callbacks")
        journal = await database.fetchval("SELECT count(*) FROM journal")
        return {
            "sent": sent,
            "lost": sent - len(sink.ids),
            "doubled": (owed - sent) + (journal - sent),
            "received_again": sum(sink.ids.values()) - len(sink.ids),
        }

    def _memory(self) -> dict[str, int]:
        return {
            name: round(psutil.Process(pid).memory_info().rss / 1e6) for name, pid in self._machine.processes().items()
        }
