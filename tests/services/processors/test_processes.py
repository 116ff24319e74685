"""Processors as real processes: frozen past their session and woken again, and stopped by the parking limit."""

import signal
import time
from typing import Any

import orjson
import psutil
from pyreqwest.client import ClientBuilder

from tests.services.processors.conftest import MakeStage, Stage, void_body
from tests.services.processors.process import Running, processor_process
from tests.waiting import until

RECOVERED_WITHIN_SECONDS = 30


async def feed(stage: Stage, numbers: range) -> None:
    for number in numbers:
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")


def applied(stage: Stage, wanted: int) -> Any:
    async def enough() -> bool:
        return await stage.count("arrivals") >= wanted

    return enough


async def health(running: Running, path: str) -> tuple[int, str]:
    async with ClientBuilder().no_proxy().build() as client:
        answer = await client.get(running.url + path).build().send()
        return answer.status, await answer.text()


def is_stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


async def test_a_zombie_that_wakes_after_its_partitions_were_taken_doubles_nothing(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str
) -> None:
    """Frozen in a transaction it holds locks on orders, too: the one that takes over must not wait for it to wake."""
    stage = await make_stage(kafka_bootstrap, database_dsn, batch_records=20)
    await feed(stage, range(100))
    async with processor_process(stage.settings, "void", "freezing") as zombie:
        await until(lambda: is_stopped(zombie.process.pid))
        frozen_at = time.monotonic()
        async with stage.processing("void"):
            await until(applied(stage, 100), seconds=RECOVERED_WITHIN_SECONDS)
            assert time.monotonic() - frozen_at < RECOVERED_WITHIN_SECONDS
            zombie.process.send_signal(signal.SIGCONT)
            await feed(stage, range(100, 140))

            async def works_again() -> bool:
                return (await health(zombie, "/readyz"))[0] == 200 and bool(zombie.said("offsets.not_committed"))

            await until(works_again)
            await until(applied(stage, 140))
        # Now the woken one is alone, and goes on.
        await feed(stage, range(140, 150))
        await until(applied(stage, 150))
        zombie.process.send_signal(signal.SIGTERM)
        assert await zombie.process.wait() == 0
    for table in ("arrivals", "journal", "void_cases"):
        assert await stage.count(table) == 150
    assert await stage.count("parked") == 0


async def test_the_parking_limit_stops_a_real_processor_which_says_so_and_goes_on_after_the_fix(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str
) -> None:
    stage = await make_stage(kafka_bootstrap, database_dsn, parking_window_records=20, batch_records=5)
    await feed(stage, range(60))
    async with processor_process(stage.settings, "void", "broken") as broken:
        await until(lambda: broken.said("processor.stopped"))

        async def not_ready() -> bool:
            status, answer = await health(broken, "/readyz")
            return status == 503 and "stopped by the parking limit" in orjson.loads(answer)["reasons"]["processor void"]

        await until(not_ready)
        assert 'ticketwire_processor_stopped{processor="void"} 1.0' in (await health(broken, "/metrics"))[1]
        assert (await health(broken, "/livez"))[0] == 200
        (alarm,) = broken.said("processor.stopped")
        assert (alarm["level"], alarm["hint"]) == ("critical", "see docs/operations.md")
        broken.process.send_signal(signal.SIGTERM)
        assert await broken.process.wait() == 0
    parked = await stage.count("parked")
    assert 0 < parked <= 10
    assert await stage.count("arrivals") == 0

    async with processor_process(stage.settings, "void") as mended:
        await until(applied(stage, 60 - parked))
        assert (await health(mended, "/readyz"))[0] == 200
    assert await stage.count("arrivals") == 60 - parked
    assert await stage.count("parked") == parked
