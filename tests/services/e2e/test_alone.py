"""Each service by itself: stopped while the others go on, doubled, killed between two attempts."""

import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from cli.child import Child, ChildPlan
from cli.ports import Ports
from tests.services.e2e.conftest import Whole
from tests.services.e2e.load import Load, everything_arrived, void_body
from tests.sink import Reaction
from tests.waiting import until

TICKETED = "SELECT count(*) FROM orders WHERE order_no LIKE $1 AND ticketed_event IS NOT NULL"
VOIDED = "SELECT count(*) FROM void_cases JOIN orders USING (order_id) WHERE order_no LIKE $1"


@asynccontextmanager
async def second(whole: Whole, name: str) -> AsyncIterator[Child]:
    """Another process of the same service."""
    plan = whole.child(name).plan
    section = "PUBLISHER" if name == "publisher" else "PROCESSORS"
    port = Ports().free("127.0.0.1")
    again = ChildPlan(
        name=f"{name}-2",
        words=plan.words,
        environment={**plan.environment, f"TICKETWIRE_{section}__PORT": str(port)},
        url=f"http://127.0.0.1:{port}",
        log=plan.log.with_name(f"{name}-2.log"),
    )
    child = Child(again, talk=whole.talk.append, changed=lambda: None)
    await child.start()
    try:
        await child.wait_ready()
        yield child
    finally:
        await child.stop()


async def test_a_stopped_processor_holds_nobody_up_and_catches_up(whole: Whole) -> None:
    await whole.endpoint("stopped-processor", max_in_flight=64)
    child = whole.child("processor-void")
    async with Load(whole, "stopped-processor") as load:
        await until(lambda: len(load.accepted) >= 100)
        await child.stop()
        held = await whole.count(VOIDED, "stopped-processor-%")
        before = await whole.count(TICKETED, "stopped-processor-%")
        await until(lambda: _more(whole, TICKETED, "stopped-processor-%", before + 500))
        assert await whole.count(VOIDED, "stopped-processor-%") == held
        await child.start()
        await until(lambda: len(load.accepted) >= 1000)
    await everything_arrived(load, "/stopped-processor")


async def test_a_stopped_publisher_holds_nobody_up_and_its_successor_sends_all(whole: Whole) -> None:
    await whole.endpoint("stopped-publisher", max_in_flight=64)
    child = whole.child("publisher")
    async with Load(whole, "stopped-publisher") as load:
        await until(lambda: len(load.accepted) >= 100)
        await child.stop()
        await until(lambda: _more(whole, TICKETED, "stopped-publisher-%", 400))
        await child.start()
    await everything_arrived(load, "/stopped-publisher")
    tried_twice = "SELECT count(*) FROM callbacks JOIN orders USING (order_id) WHERE order_no LIKE $1 AND attempts > 1"
    assert await whole.count(tried_twice, "stopped-publisher-%") == 0


async def test_two_of_a_kind_share_the_work_and_double_nothing(whole: Whole) -> None:
    await whole.endpoint("two-of-a-kind", max_in_flight=64)
    async with Load(whole, "two-of-a-kind") as load:
        await until(lambda: len(load.accepted) >= 100)
        async with second(whole, "processor-ticketed") as other, second(whole, "publisher"):
            await until(lambda: len(load.accepted) >= 1000)
            await until(lambda: _applied(whole, other))
        await until(lambda: len(load.accepted) >= 1200)
    await everything_arrived(load, "/two-of-a-kind")
    assert len(whole.sink.at("/two-of-a-kind")) == len(load.accepted)


async def test_a_publisher_killed_after_attempt_four_makes_eleven_in_all(whole: Whole) -> None:
    path = whole.sink.plan("/killed-after-four", Reaction(status=503))
    await whole.endpoint("killed-after-four", url=path, policy="void", event_types=["order.void"])
    assert await whole.post(void_body("killed-after-four", 0)) == 200
    await whole.sink.wait_count("/killed-after-four", 4)
    recorded = "SELECT count(*) FROM attempts JOIN callbacks USING (callback_id) JOIN orders USING (order_id)"
    await until(lambda: _more(whole, f"{recorded} WHERE order_no = $1", "killed-after-four", 4))
    os.kill(whole.child("publisher").pid, signal.SIGKILL)
    given_up = "SELECT count(*) FROM callbacks JOIN orders USING (order_id) JOIN endpoints USING (endpoint_id)"
    where = "WHERE order_no = $1 AND name = 'killed-after-four' AND callbacks.state = 'given_up'"
    await until(lambda: whole.count(f"{given_up} {where}", "killed-after-four"), seconds=40)
    received = whole.sink.at("/killed-after-four")
    assert len(received) == 11
    assert len({request.headers["webhook-id"] for request in received}) == 1
    assert all(orjson.loads(request.body)["data"]["order_no"] == "killed-after-four" for request in received)


async def _applied(whole: Whole, processor: Child) -> bool:
    """Whether this process has applied events itself."""
    response = await whole.http.get(f"{processor.plan.url}/metrics").build().send()
    found = re.search(
        r'^ticketwire_events_processed_total\{outcome="applied".*\} (\S+)', await response.text(), re.MULTILINE
    )
    return found is not None and float(found[1]) > 0


async def _more(whole: Whole, sql: str, like: str, wanted: int) -> bool:
    return await whole.count(sql, like) >= wanted
