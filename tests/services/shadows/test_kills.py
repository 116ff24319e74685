"""A replayer that is killed in the middle of a shadow, and one in the middle of a promotion: their successors go on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from runtime.settings import Settings
from store.runs import Run, read_run, request_run
from tests.services.shadows.conftest import World, fill, other_event
from tests.waiting import until

ORDERS = 30
"""Read and promoted in small bites, for a second."""


@contextmanager
def replayer(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A real one, of the present code; killed at the end if it still runs."""
    environment = {
        "TICKETWIRE_POSTGRES__DSN": settings.postgres.dsn.get_secret_value(),
        "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TICKETWIRE_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "TICKETWIRE_REPLAYER__LEASE_SECONDS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "replayer"],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


async def killed_in_the_middle(world: World, run: UUID, *, phase: str) -> Run:
    """Kill its replayer while the pace holds it in this phase, then let another one end it."""

    async def present() -> Run:
        async with world.pool.acquire() as connection:
            return await read_run(connection, run)

    async def within() -> bool:
        found = await present()
        return found.state == "running" and found.progress.get("phase") == phase

    async def over() -> Run | None:
        found = await present()
        return found if found.finished_at is not None else None

    with replayer(world.stage.settings) as first:
        await until(within, what=f"the phase {phase}")
        first.send_signal(signal.SIGKILL)
    assert (await present()).state == "running"
    with replayer(world.stage.settings):
        found: Run = await until(over, what="the end of the run")
    assert found.state == "done", found
    return found


async def test_killed_replayers_leave_runs_that_end_as_if_nothing_had_been(world: World) -> None:
    world.bends.update({f"O{number}": other_event for number in range(ORDERS)})
    await fill(world, ORDERS)
    await world.live()
    async with world.pool.acquire() as connection:
        asked = {"mode": "shadow", "selection": {}, "callbacks": "suppress", "rate": ORDERS}
        shadow = await request_run(connection, kind="replay", asked=asked, actor="t")
    shown = (await killed_in_the_middle(world, shadow.run_id, phase="fold")).result or {}
    assert (shown["records"], shown["orders"], shown["differing_orders"]) == (ORDERS, ORDERS, ORDERS)
    async with world.pool.acquire() as connection:
        asked = {"run": str(shadow.run_id), "callbacks": "suppress", "rate": ORDERS}
        promotion = await request_run(connection, kind="promote", asked=asked, actor="t")
    result = (await killed_in_the_middle(world, promotion.run_id, phase="promote")).result or {}
    assert (result["promoted"], result["skipped"]) == (ORDERS, [])
    assert await world.stage.count("operator_actions") == ORDERS
    assert (await world.rebuild())["equal"]
