"""Two processes of the processor, and of the publisher, against one: with how much more they get done."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bench.alone import DELIVERED
from bench.figures import middle, ratio
from bench.ground import PROCESSOR, PUBLISHER, Ground

_APPLIED_SINCE = """
WITH batches AS (
    SELECT a.processed_at, count(*) AS events FROM arrivals AS a JOIN orders AS o USING (order_id)
    WHERE o.order_no LIKE $1 AND a.processed_at >= $2 GROUP BY a.processed_at
), ends AS (SELECT min(processed_at) AS first, max(processed_at) AS last FROM batches)
SELECT sum(events) FILTER (WHERE processed_at < last)
    / extract(epoch FROM max(last) - min(first)) FROM batches, ends
"""
"""Events a second once all were ready: with a second member the group shares its partitions out anew."""


@dataclass(slots=True)
class _Found:
    """Of so many processes, round by round."""

    applied: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)


async def measure_pairs(ground: Ground, *, events: int, rounds: int) -> dict[str, Any]:
    """`pairs`: rates of one and of two processes, in turn, and their ratios."""
    for service in (PROCESSOR, PUBLISHER):
        await ground.machine.stop(service)
    found = {1: _Found(), 2: _Found()}
    for number in range(rounds):
        for processes, of_these in found.items():
            ground.say(f"one process and two, round {number + 1} of {rounds}: {processes}")
            await _round(ground, f"pairs{number}-{processes}", events, processes, of_these)
    for service in (PROCESSOR, PUBLISHER):
        await ground.machine.start(service)
    one, two = found[1], found[2]
    return {
        "pairs": {
            "one_processor_per_s": middle(one.applied),
            "two_processors_per_s": middle(two.applied),
            "ratio_processors": ratio(two.applied, one.applied),
            "one_publisher_per_s": middle(one.delivered),
            "two_publishers_per_s": middle(two.delivered),
            "ratio_publishers": ratio(two.delivered, one.delivered),
        }
    }


async def _round(ground: Ground, prefix: str, events: int, processes: int, found: _Found) -> None:
    """The events lie on Kafka before the processors are up, and their callbacks in Postgres before the publishers."""
    endpoint = f"/endpoints/{ground.endpoint}"
    sent = await ground.send(prefix, events)
    await ground.machine.console("POST", f"{endpoint}/disable", {"reason": "bench"})
    started = await _start(ground, PROCESSOR, processes)
    ready_at = await ground.database.fetchval("SELECT clock_timestamp()")
    await ground.applied(sent.accepted)
    found.applied.append(float(await ground.database.fetchval(_APPLIED_SINCE, f"{prefix}-%", ready_at) or 0.0))
    await _stop(ground, PROCESSOR, started)
    started = await _start(ground, PUBLISHER, processes)
    await ground.machine.console("POST", f"{endpoint}/enable")
    await ground.received(sent.accepted)
    found.delivered.append(float(await ground.database.fetchval(DELIVERED, f"{prefix}-%")))
    await _stop(ground, PUBLISHER, started)


async def _start(ground: Ground, service: str, processes: int) -> list[str]:
    """All at once; returns the names of those beside the first."""
    _, *beside = await asyncio.gather(
        ground.machine.start(service), *(ground.machine.start_another(service) for _ in range(processes - 1))
    )
    return [str(name) for name in beside]


async def _stop(ground: Ground, service: str, beside: list[str]) -> None:
    for name in beside:
        await ground.machine.remove(name)
    await ground.machine.stop(service)
