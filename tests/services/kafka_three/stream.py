"""A steady stream of orders into ingest, each number once, and what became of those that were answered 200."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import asyncpg
from aiokafka.partitioner import murmur2

from tests.services.ingest.hub import request
from tests.services.processors.conftest import ticketed_body

LANES = 8
PAUSE_SECONDS = 0.03


@dataclass
class Stream:
    """`accepted`: order numbers that were answered 200, by when they were sent."""

    port: int
    accepted: dict[str, float] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _lanes: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> "Stream":
        self._lanes = [asyncio.create_task(self._send(lane)) for lane in range(LANES)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._lanes)

    async def _send(self, lane: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            order_no, begun = f"L{lane}-{number}", time.monotonic()
            answer = await request(self.port, ticketed_body(order_no, f"T-{order_no}"))
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.answers[answer.status] += 1
            if answer.status == 200:
                self.accepted[order_no] = begun
            await asyncio.sleep(PAUSE_SECONDS)

    def accepted_since(self, moment: float) -> int:
        return sum(sent > moment for sent in self.accepted.values())

    def partitions_since(self, moment: float, *, partitions: int) -> set[int]:
        """Which partitions took an order that was sent after that moment."""
        late = [order_no for order_no, sent in self.accepted.items() if sent > moment]
        return {(murmur2(order_no.encode()) & 0x7FFFFFFF) % partitions for order_no in late}


async def effects(pool: asyncpg.Pool, stream: Stream) -> None:
    """Every accepted order is there, and no order's event took effect twice."""
    rows = await pool.fetch(
        "SELECT o.order_no, o.version, (SELECT count(*) FROM tickets t WHERE t.order_id = o.order_id) AS tickets,"
        " (SELECT count(*) FROM journal j WHERE j.order_id = o.order_id) AS entries FROM orders o"
    )
    lost = set(stream.accepted) - {row["order_no"] for row in rows}
    assert not lost, f"{len(lost)} events that were answered 200 are lost"
    assert {(row["version"], row["tickets"], row["entries"]) for row in rows} == {(1, 1, 1)}
    parked = await pool.fetch("SELECT order_no, reason, detail FROM parked")
    assert not parked, parked
