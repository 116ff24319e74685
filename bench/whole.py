"""The whole way at once, all services on: as fast as it goes, then at a steady rate for its waiting times."""

from typing import Any

from bench.figures import middle, percentiles_ms, ratio
from bench.ground import Ground
from bench.ledger import Sent
from bench.processes import CpuSeconds, cpu_seconds, spent

NOT_OURS = ("generator", "sink", "bench")
STEADY_PER_S = 200


async def measure_whole(ground: Ground, *, events: int, rounds: int) -> dict[str, Any]:
    """Closed loop: `e2e`, and the CPU milliseconds that each event cost each process."""
    rates: list[float] = []
    noops: list[float] = []
    accepted: list[float] = []
    delays: list[int] = []
    cpu: CpuSeconds = {}
    for number in range(rounds):
        ground.say(f"the whole way, round {number + 1} of {rounds}")
        prefix = f"whole{number}"
        noops.append(await ground.noop_per_s(prefix, events))
        before = cpu_seconds(ground.processes())
        sent = await ground.send(prefix, events)
        await ground.received(sent.accepted)
        for name, seconds in spent(before, cpu_seconds(ground.processes())).items():
            cpu[name] = cpu.get(name, 0.0) + seconds
        rates.append(_delivered_per_s(ground, sent))
        accepted.append(sent.accepted_per_s)
        delays += ground.ledger.delays(sent)
    return {
        "e2e": {
            "delivered_per_s": middle(rates),
            "accepted_per_s": middle(accepted),
            "noop_per_s": middle(noops),
            **{f"{name}_at_full_load": value for name, value in percentiles_ms(delays).items()},
        },
        "ratios": {"whole": ratio(rates, noops)},
        "cpu_ms_per_event": cpu_ms(cpu, events=events * rounds),
    }


async def measure_steady(ground: Ground, *, seconds: float) -> dict[str, Any]:
    """Open loop at `STEADY_PER_S`: from the moment an event was due to its answer, and to its callback's receipt."""
    ground.say(f"{STEADY_PER_S} events a second for {seconds:g} s")
    before = cpu_seconds(ground.processes())
    sent = await ground.send("steady", round(seconds * STEADY_PER_S), rate=STEADY_PER_S)
    await ground.received(sent.accepted)
    seconds_by_part = spent(before, cpu_seconds(ground.processes()))
    delays, waits = percentiles_ms(ground.ledger.delays(sent)), percentiles_ms(sent.waits())
    return {
        "e2e": {f"{name}_at_{STEADY_PER_S}": value for name, value in delays.items()},
        "ingest": {f"{name}_at_{STEADY_PER_S}": value for name, value in waits.items()},
        f"cpu_ms_per_event_at_{STEADY_PER_S}": cpu_ms(seconds_by_part, events=sent.accepted),
    }


def cpu_ms(seconds: CpuSeconds, *, events: int) -> dict[str, float | None]:
    """`total` of every part but generator, sink and the bench itself, and each process. The total is None unless
    Kafka and Postgres run here: nobody could add up what runs elsewhere."""
    parts = {name: round(value * 1000 / events, 4) for name, value in seconds.items()}
    ours = {name: value for name, value in parts.items() if name not in NOT_OURS}
    whole = {"kafka", "postgres"} <= ours.keys()
    return {"total": round(sum(ours.values()), 4) if whole else None, **parts}


def _delivered_per_s(ground: Ground, sent: Sent) -> float:
    """From the first event's sending to the last callback's receipt."""
    received = [ground.ledger.received[order] for order in sent.orders() if order in ground.ledger.received]
    return len(received) / (max(received) - sent.begun) * 1e9
