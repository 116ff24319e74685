"""How fast the past runs again, against live processing of the same events in the same minutes."""

from datetime import UTC, datetime
from typing import Any

from bench.alone import APPLIED
from bench.figures import middle, ratio
from bench.ground import PROCESSOR, PUBLISHER, Ground, reach
from runtime.errors import ServiceUnavailable
from schemas.topics import EventType

_LOST = """
DELETE FROM {table} WHERE order_id IN (SELECT order_id FROM orders WHERE order_no LIKE $1)
"""
_ATTEMPTS = """
DELETE FROM attempts WHERE callback_id IN (
    SELECT callback_id FROM callbacks JOIN orders USING (order_id) WHERE order_no LIKE $1)
"""
_TABLES = ("callbacks", "journal", "pnrs", "tickets", "passengers", "arrivals", "events", "orders")


async def measure_replays(ground: Ground, *, events: int, rounds: int) -> dict[str, Any]:
    """`replays`: events a second of live processing, of a replay that lets the same events land once more after their
    rows were lost, and of a rebuild of everything; and the ratios to live."""
    live: list[float] = []
    applied: list[float] = []
    rebuilt: list[float] = []
    for number in range(rounds):
        ground.say(f"live, replay and rebuild, round {number + 1} of {rounds}")
        begun, prefix = datetime.now(UTC), f"replay{number}"
        live.append(await _live(ground, prefix, events))
        await _lose(ground, prefix)
        asked = {"mode": "apply", "types": [EventType.TICKETED], "from": begun.isoformat(), "rate": 0}
        result = await _run(ground, "/replays", asked)
        applied.append(events / result["seconds"])
        result = await _run(ground, "/rebuilds", {"rate": 0})
        rebuilt.append(1000 / result["seconds_per_1000_events"])
        if not result["equal"]:
            raise ServiceUnavailable("the rebuild differs from live", hint="ticketwire rebuild shows in what")
    return {
        "replays": {
            "live_per_s": middle(live),
            "apply_per_s": middle(applied),
            "rebuild_per_s": middle(rebuilt),
            "ratio_apply": ratio(applied, live),
            "ratio_rebuild": ratio(rebuilt, live),
        }
    }


async def _live(ground: Ground, prefix: str, events: int) -> float:
    """What the processor applies in a second when everything waits for it; then the callbacks go out."""
    await ground.machine.stop(PROCESSOR)
    await ground.machine.stop(PUBLISHER)
    sent = await ground.send(prefix, events)
    await ground.machine.start(PROCESSOR)
    await ground.applied(sent.accepted)
    rate = float(await ground.database.fetchval(APPLIED, f"{prefix}-%"))
    await ground.machine.start(PUBLISHER)
    await ground.received(sent.accepted)
    return rate


async def _lose(ground: Ground, prefix: str) -> None:
    """As a backup that is older than these orders would: nothing of the rows is left, not even the room they took."""
    await ground.database.execute(_ATTEMPTS, f"{prefix}-%")
    for table in _TABLES:
        await ground.database.execute(_LOST.format(table=table), f"{prefix}-%")
    for table in ("attempts", *_TABLES):
        await ground.database.execute(f"VACUUM (ANALYZE) {table}")


async def _run(ground: Ground, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What came of a run; raises ServiceUnavailable when it did not end well."""
    run = await ground.machine.console("POST", path, asked)

    async def ended() -> int:
        nonlocal run
        run = await ground.machine.console("GET", f"/runs/{run['run_id']}")
        return 1_000_000_000 if run["finished_at"] else int(run["progress"].get("done", 0))

    await reach(ended, 1_000_000_000)
    if run["state"] != "done":
        raise ServiceUnavailable(f"{run['kind']} {run['run_id']} is {run['state']}: {run['error']}")
    result: dict[str, Any] = run["result"]
    return result
