"""Each step by itself, the others stopped, in turn with its ceiling, in rounds: a slow minute slows both."""

from dataclasses import dataclass, field
from typing import Any

from bench.events import order_no
from bench.figures import middle, percentiles_ms, ratio
from bench.ground import PROCESSOR, PUBLISHER, Ground
from bench.ledger import Sent
from bench.processes import CpuSeconds, cpu_seconds, spent

APPLIED = """
WITH batches AS (
    SELECT a.processed_at, count(*) AS events FROM arrivals AS a JOIN orders AS o USING (order_id)
    WHERE o.order_no LIKE $1 GROUP BY a.processed_at
), ends AS (SELECT min(processed_at) AS first, max(processed_at) AS last FROM batches)
SELECT sum(events) FILTER (WHERE processed_at < last)
    / extract(epoch FROM max(last) - min(first)) FROM batches, ends
"""
"""Events a second: every batch but the last one, from the beginning of the first transaction to that of the last."""

DELIVERED = """
SELECT count(*) / extract(epoch FROM max(c.finished_at) - min(a.started_at))
FROM orders AS o JOIN callbacks AS c USING (order_id) JOIN attempts AS a USING (callback_id) WHERE o.order_no LIKE $1
"""


@dataclass(slots=True)
class Rounds:
    """What the rounds measured, in events a second, and the CPU seconds of each step by process."""

    noop: list[float] = field(default_factory=list)
    bare_rows: list[float] = field(default_factory=list)
    bare_client: list[float] = field(default_factory=list)
    ingest: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)
    publishers: list[float] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    cpu: dict[str, CpuSeconds] = field(default_factory=dict)

    def add_cpu(self, step: str, seconds: CpuSeconds) -> None:
        known = self.cpu.setdefault(step, {})
        for name, value in seconds.items():
            known[name] = known.get(name, 0.0) + value


async def measure_alone(ground: Ground, *, events: int, rounds: int) -> dict[str, Any]:
    """`ceilings`, `ratios`, and a section for each of ingest, processors and publishers."""
    found = Rounds()
    for number in range(rounds):
        ground.say(f"each step alone, round {number + 1} of {rounds}")
        await _round(ground, f"alone{number}", events, found)
    cpu = {step: _per_event(seconds, events * rounds) for step, seconds in found.cpu.items()}
    return {
        "ceilings": {
            "noop_per_s": middle(found.noop),
            "bare_rows_per_s": middle(found.bare_rows),
            "bare_client_per_s": middle(found.bare_client),
        },
        "ratios": {
            "ingest": ratio(found.ingest, found.noop),
            "processors": ratio(found.processors, found.bare_rows),
            "publishers": ratio(found.publishers, found.bare_client),
        },
        "ingest": {"accepted_per_s": middle(found.ingest), **percentiles_ms(found.waits), "cpu_ms": cpu["ingest"]},
        "processors": {"applied_per_s": middle(found.processors), "cpu_ms": cpu["processors"]},
        "publishers": {"delivered_per_s": middle(found.publishers), "cpu_ms": cpu["publishers"]},
    }


async def _round(ground: Ground, prefix: str, events: int, found: Rounds) -> None:
    machine = ground.machine
    for service in (PROCESSOR, PUBLISHER):
        await machine.stop(service)
    found.noop.append(await ground.noop_per_s(prefix, events))
    sent = await _ingest(ground, prefix, events, found)
    await _processors(ground, prefix, sent.accepted, found)
    written = await ground.bare_rows.ask(source=machine.dsn, target=ground.ceilings, prefix=prefix)
    found.bare_rows.append(written["orders"] / written["seconds"])
    found.bare_client.append(await _bare_client(ground, prefix, events))
    await _publishers(ground, prefix, sent.accepted, found)
    await machine.start(PROCESSOR)


async def _ingest(ground: Ground, prefix: str, events: int, found: Rounds) -> Sent:
    before = cpu_seconds(ground.processes())
    sent = await ground.send(prefix, events)
    found.add_cpu("ingest", spent(before, cpu_seconds(ground.processes())))
    found.ingest.append(sent.accepted_per_s)
    found.waits += sent.waits()
    return sent


async def _processors(ground: Ground, prefix: str, events: int, found: Rounds) -> None:
    await ground.machine.start(PROCESSOR)
    before = cpu_seconds(ground.processes())
    await ground.applied(events)
    found.add_cpu("processors", spent(before, cpu_seconds(ground.processes())))
    found.processors.append(float(await ground.database.fetchval(APPLIED, f"{prefix}-%")))
    await ground.machine.stop(PROCESSOR)


async def _bare_client(ground: Ground, prefix: str, events: int) -> float:
    """Nothing of it is in the ledger: the sink counts it apart."""
    example = (await ground.sink.ask(do="example"))["request"]
    job = {"url": f"{ground.sink_url}/bare", "prefix": prefix, "events": events}
    posted = await ground.bare_client.ask(example=example, example_order=order_no("warm", 0), **job)
    await ground.sink.ask(do="take", file=str(ground.folder / "bare"))
    return events / float(posted["seconds"])


async def _publishers(ground: Ground, prefix: str, events: int, found: Rounds) -> None:
    """The publisher is up before its endpoint is enabled, so that its start is not in the measure."""
    endpoint = f"/endpoints/{ground.endpoint}"
    await ground.machine.console("POST", f"{endpoint}/disable", {"reason": "bench"})
    await ground.machine.start(PUBLISHER)
    before = cpu_seconds(ground.processes())
    await ground.machine.console("POST", f"{endpoint}/enable")
    await ground.received(events)
    found.add_cpu("publishers", spent(before, cpu_seconds(ground.processes())))
    found.publishers.append(float(await ground.database.fetchval(DELIVERED, f"{prefix}-%")))


def _per_event(seconds: CpuSeconds, events: int) -> dict[str, float]:
    return {name: round(value * 1000 / events, 3) for name, value in seconds.items()}
