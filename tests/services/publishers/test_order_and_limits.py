"""Sequence within an order, limits of an endpoint, and that nobody waits for somebody else's trouble."""

import asyncio
import itertools
import random
import time
from collections import defaultdict

import orjson

from publishers.unreached import MISSES, SECONDS_BETWEEN
from runtime.settings import PolicySettings
from tests.services.publishers.world import World, publishing, settings_for
from tests.sink import OK, Reaction, Received, Sink
from tests.waiting import until

SWIFT = {"swift": PolicySettings(kind="fixed", wait_seconds=0.02, retries=5000)}


def sequence_of(request: Received) -> tuple[str, str]:
    """The order and the callback of a request."""
    return orjson.loads(request.body)["data"]["order_no"], request.headers["webhook-id"]


async def test_callbacks_of_an_order_go_out_in_sequence_while_others_go_on(world: World, sink: Sink) -> None:
    refused = "ORDER-000001"
    open_again = False

    def choose(request: Received) -> Reaction:
        return Reaction(503) if sequence_of(request)[0] == refused and not open_again else OK

    sink.choose(choose)
    await world.endpoint(sink.url + "/hook", policy="swift")
    assert (await world.owe(orders=20, events=5))[0] == refused

    async with publishing(settings_for(world.dsn, policies=SWIFT)):
        await world.wait_states(delivered=95, pending=1, queued=4)
        open_again = True
        await world.wait_states(delivered=100)

    rows = await world.fetch("SELECT callback_id, order_id, sequence FROM callbacks")
    place = {f"msg_{row['callback_id'].hex}": row["sequence"] for row in rows}
    seen: dict[str, list[int]] = defaultdict(list)
    for request in sink.requests:
        order, message = sequence_of(request)
        seen[order].append(place[message])
    assert all(sequence == sorted(sequence) for sequence in seen.values())
    assert all(sorted(set(sequence)) == [1, 2, 3, 4, 5] for sequence in seen.values())


async def test_no_callback_is_left_queued_when_owing_and_finishing_meet(world: World, sink: Sink) -> None:
    """Owing a further callback races with the completion of the one before it, many times over."""
    await world.endpoint(sink.url + "/hook", policy="swift")
    orders = await world.owe(orders=8)
    pick = random.Random(7)

    async def keep_owing() -> None:
        for _ in range(40):
            await world.owe_in_place(pick.sample(orders, 4))

    async with (
        publishing(settings_for(world.dsn, policies=SWIFT)),
        publishing(settings_for(world.dsn, policies=SWIFT)),
    ):
        await asyncio.gather(*[keep_owing() for _ in range(3)])
        await world.wait_states(delivered=8 + 3 * 40 * 4, seconds=40)

    rows = await world.fetch("SELECT callback_id, sequence FROM callbacks")
    place = {f"msg_{row['callback_id'].hex}": row["sequence"] for row in rows}
    seen: dict[str, list[int]] = defaultdict(list)
    for request in sink.requests:
        order, message = sequence_of(request)
        seen[order].append(place[message])
    assert all(sequence == list(range(1, len(sequence) + 1)) for sequence in seen.values())


async def test_two_publishers_double_nothing_and_keep_the_limit_in_flight(world: World, sink: Sink) -> None:
    spans: list[tuple[float, float]] = []

    def choose(request: Received) -> Reaction:
        spans.append((request.at, request.at + 0.03))
        return Reaction(delay_seconds=0.03)

    sink.choose(choose)
    await world.endpoint(sink.url + "/hook", max_in_flight=5)
    await world.owe(orders=150)
    settings = settings_for(world.dsn, concurrency=4)

    async with publishing(settings), publishing(settings):
        await world.wait_states(delivered=150, seconds=40)

    assert len({request.headers["webhook-id"] for request in sink.requests}) == len(sink.requests) == 150
    workers = {row["worker"] for row in await world.attempts()}
    assert len(workers) == 2
    moments = sorted([(begin, 1) for begin, _ in spans] + [(end - 0.001, -1) for _, end in spans])
    assert 3 <= max(itertools.accumulate(step for _, step in moments)) <= 5


async def test_a_rate_limit_holds_across_two_publishers(world: World, sink: Sink) -> None:
    await world.endpoint(sink.url + "/hook", rate_limit=40.0)
    await world.owe(orders=100)

    async with publishing(settings_for(world.dsn)), publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=100, seconds=40)

    times = sorted(request.at for request in sink.requests)
    assert 2.3 < times[-1] - times[0] < 6
    busiest = max(sum(1 for at in times if begin <= at < begin + 0.5) for begin in times)
    assert busiest <= 40 * 0.5 + 8
    assert all(row["number"] == 1 for row in await world.attempts())


async def test_an_endpoint_that_is_down_is_called_now_and_then_and_at_full_speed_once_it_is_back(
    world: World, sink: Sink
) -> None:
    await world.endpoint(sink.plan("/hook"), max_in_flight=4)
    await sink.stop()
    due = 60

    patient = {"quick": PolicySettings(kind="fixed", wait_seconds=0.1, retries=999)}
    async with publishing(settings_for(world.dsn, policies=patient)):
        await world.owe(orders=due)
        tried = "SELECT coalesce(sum(attempts), 0) FROM callbacks"
        await until(lambda: _at_least(world, tried, MISSES), seconds=30)
        begun, before = time.monotonic(), await world.value(tried)
        await until(lambda: _at_least(world, tried, before + 10), seconds=20)
        passed = time.monotonic() - begun
        made = await world.value(tried) - before
        assert made <= 4 + passed / SECONDS_BETWEEN + 1  # four may have been under way when it was found to be down

        back = time.monotonic()
        await sink.start()
        await world.wait_states(seconds=20, delivered=due)
        assert time.monotonic() - back < due * SECONDS_BETWEEN / 2


async def _at_least(world: World, sql: str, number: int) -> bool:
    return bool(await world.value(sql) >= number)


async def test_a_slow_endpoint_and_dead_ones_delay_nobody(world: World, sink: Sink) -> None:
    """The healthy endpoint's wait, from owed to received, beside endpoints that hold every call to its end."""

    async def waits(count: int) -> list[float]:
        found = []
        for _ in range(count):
            seen = len(sink.at("/healthy"))
            loop = asyncio.get_running_loop()
            await world.owe()
            owed = loop.time()
            await sink.wait_count("/healthy", seen + 1, seconds=2)
            found.append(max(0.0, sink.at("/healthy")[-1].at - owed))
        return sorted(found)

    await world.endpoint(sink.plan("/healthy"), max_in_flight=16)
    for number in range(20):  # more of them than places
        slow = Reaction(delay_seconds=60)
        await world.endpoint(sink.plan(f"/slow-{number}", slow), max_in_flight=16, timeout_seconds=15.0)

    async with publishing(settings_for(world.dsn, concurrency=16, stop_grace_seconds=0)):
        await world.owe(orders=100)
        await sink.wait_for(lambda: len(sink.at("/healthy")) >= 100, seconds=20)
        beside = await waits(40)

    assert beside[len(beside) // 2] < 0.05, beside
    assert beside[-2] < 0.5, beside
    assert 0 < sum(len(sink.at(f"/slow-{number}")) for number in range(20)) <= 8
