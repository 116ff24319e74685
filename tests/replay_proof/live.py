"""Live events while something else goes on: how long from ingest to the partner's yes."""

import asyncio
import time
from dataclasses import dataclass

from tests.replay_proof.events import body
from tests.replay_proof.machine import Machine
from tests.waiting import until

PER_SECOND = 40.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from arrival to delivery."""

    events: int
    p50: float
    p99: float


async def stream(machine: Machine, name: str, *, seconds: float) -> None:
    """A steady stream for so long, each event a new order of this name; waits until all are delivered."""
    begun, tasks = time.monotonic(), list[asyncio.Task[int]]()
    while (passed := time.monotonic() - begun) < seconds:
        while len(tasks) < passed * PER_SECOND:
            tasks.append(asyncio.create_task(machine.post(body(f"live-{name}-{len(tasks)}"))))
        await asyncio.sleep(0.002)
    statuses = await asyncio.gather(*tasks)
    assert set(statuses) == {200}, f"ingest answered {sorted(set(statuses))}"

    async def all_told() -> bool:
        return len(await _times(machine, name)) == len(tasks)

    await until(all_told, seconds=120, what="the delivery of the live stream", every=0.2)


async def latency(machine: Machine, name: str) -> Latency:
    """Of all streams whose names begin like this."""
    times = await _times(machine, name)
    return Latency(len(times), round(times[len(times) // 2], 1), round(times[int(len(times) * 0.99)], 1))


async def _times(machine: Machine, name: str) -> list[float]:
    rows = await machine.database.fetch(
        "SELECT extract(epoch FROM a.finished_at - e.arrived_at) * 1000 AS ms FROM orders o"
        " JOIN callbacks c USING (order_id) JOIN attempts a USING (callback_id)"
        " JOIN events e ON e.event_id = c.event_id"
        " WHERE o.order_no LIKE $1 AND a.outcome = 'delivered' ORDER BY 1",
        f"live-{name}-%",
    )
    return [float(row["ms"]) for row in rows]
