"""What a dead endpoint with very many due callbacks costs another one: waiting times at the steady rate, in turn."""

from typing import Any
from uuid import UUID

from bench.figures import percentiles_ms
from bench.filling import fill_with_callbacks
from bench.ground import Ground
from bench.sink import SILENT
from bench.whole import STEADY_PER_S

_ELSEWHERE = "elsewhere"


async def measure_dead_endpoint(ground: Ground, *, seconds: float, rounds: int, due: int) -> dict[str, Any]:
    """`dead_endpoint`: percentiles `without` and `with` an endpoint that takes connections and never answers, and the
    ratio of the p99s."""
    console = ground.machine.console
    form = {"name": "dead", "url": f"{ground.sink_url}{SILENT}", "dialect": "standard"}
    dead = (await console("POST", "/endpoints", {**form, "filter": {"sources": [_ELSEWHERE]}}))["endpoint_id"]
    await console("POST", f"/endpoints/{dead}/disable", {"reason": "bench"})
    ground.say(f"{due:,} callbacks due at an endpoint that never answers: being written")
    await fill_with_callbacks(ground.database, [UUID(dead)], due, prefix="dead", source=_ELSEWHERE)
    delays: dict[str, list[int]] = {"without": [], "with": []}
    for number in range(rounds):
        for state, found in delays.items():
            ground.say(f"{STEADY_PER_S} events a second {state} it, round {number + 1} of {rounds}")
            if state == "with":
                await console("POST", f"/endpoints/{dead}/enable")
            sent = await ground.send(f"dead{number}{state}", round(seconds * STEADY_PER_S), rate=STEADY_PER_S)
            await ground.received(sent.accepted)
            found.extend(ground.ledger.delays(sent))
            await console("POST", f"/endpoints/{dead}/disable", {"reason": "bench"})
    await console("DELETE", f"/endpoints/{dead}")
    await ground.sink.ask(do="cut")  # a publisher that stops would wait for its calls there
    shown = {state: percentiles_ms(found) for state, found in delays.items()}
    return {"dead_endpoint": {**shown, "ratio_p99": round(shown["with"]["p99_ms"] / shown["without"]["p99_ms"], 2)}}
