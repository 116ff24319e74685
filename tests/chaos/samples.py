"""What a soak samples every few seconds, as one series of points for each figure."""

import asyncio
import time
from collections import defaultdict

import asyncpg
import psutil

from tests.chaos.service import Service
from tests.chaos.system import System
from tests.chaos.trend import Point
from tests.proof.log import KafkaView

_MEGABYTE = 1e6
_SIZES = """
    SELECT c.relname AS name, pg_table_size(c.oid) AS rows, pg_indexes_size(c.oid) AS indexes
    FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""
_EVENTS = "SELECT count(*) FROM events"
_CLAIMS = """
    SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM a.started_at - c.created_at))
    FROM attempts AS a JOIN callbacks AS c USING (callback_id) JOIN endpoints AS e USING (endpoint_id)
    WHERE a.number = 1 AND c.sequence = 1 AND e.name = 'steady' AND a.started_at > now() - make_interval(secs => $1)
"""
"""An order's first callback to a partner that answers is due when it is owed: nothing else keeps it waiting."""

_LARGE = frozenset({"events", "arrivals", "callbacks", "attempts", "journal", "orders"})
"""Tables that get a figure of their own; the sum of all has one too."""


class Sampler:
    """`series` grows by a point of each figure with each `sample`. Names are `<what> of <whom>`."""

    def __init__(self, system: System, pool: asyncpg.Pool, view: KafkaView, *, every_seconds: float) -> None:
        self.series: dict[str, list[Point]] = defaultdict(list)
        self._system = system
        self._pool = pool
        self._view = view
        self._every = every_seconds

    async def keep_sampling(self) -> None:
        """Until cancelled."""
        while True:
            began = time.monotonic()
            await self.sample()
            await asyncio.sleep(max(0.0, self._every - (time.monotonic() - began)))

    async def sample(self) -> None:
        """One point of each figure."""
        now = time.monotonic()
        for service in self._system.services.values():
            self._process(now, service)
        self._note(now, "lag of processors, records", await self._view.lag())
        claims = await self._pool.fetchval(_CLAIMS, self._every * 2)
        if claims is not None:
            self._note(now, "due to sent p50, ms", claims[0] * 1000)
            self._note(now, "due to sent p99, ms", claims[1] * 1000)
        await self._sizes(now)

    def _process(self, now: float, service: Service) -> None:
        if service.pid:
            process = psutil.Process(service.pid)
            name = service.plan.name
            self._note(now, f"resident of {name}, MB", process.memory_info().rss / _MEGABYTE)
            self._note(now, f"open files of {name}", process.num_fds())

    async def _sizes(self, now: float) -> None:
        events = await self._pool.fetchval(_EVENTS)
        if not events:
            return
        rows = indexes = 0
        for table in await self._pool.fetch(_SIZES):
            rows, indexes = rows + table["rows"], indexes + table["indexes"]
            if table["name"] in _LARGE:
                self._note(now, f"table {table['name']}, bytes per event", table["rows"] / events)
                self._note(now, f"indexes of {table['name']}, bytes per event", table["indexes"] / events)
        self._note(now, "all tables, bytes per event", rows / events)
        self._note(now, "all indexes, bytes per event", indexes / events)

    def _note(self, now: float, name: str, value: float) -> None:
        self.series[name].append((now, float(value)))
