"""kill -9 in the midst of a batch: what was begun is undone, the next replayer does it, and nothing is done twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store.runs import Run
from tests.services.publishers.conftest import sink as sink  # noqa: PLC0414 - a fixture here too
from tests.services.publishers.world import World, publishing, settings_for
from tests.services.redrives.conftest import Bench
from tests.services.redrives.test_callback_retry import callback_of, given_up
from tests.services.redrives.test_callback_retry import world as world  # noqa: PLC0414 - a fixture here too
from tests.services.replays.process import replayer_process
from tests.sink import Sink
from tests.waiting import until


@asynccontextmanager
async def locked(bench: Bench, query: str) -> AsyncIterator[None]:
    """Hold the lock of these rows: whoever is to write one of them stands still in the midst of its transaction."""
    async with bench.pool.acquire() as connection, connection.transaction():
        assert await connection.fetch(f"{query} FOR UPDATE")
        yield


async def killed_at_the_lock(bench: Bench, run: Run, *, done: int) -> None:
    """Kill its replayer while it waits for the lock, with so many done before."""

    async def waits() -> bool:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ticketwire replayer'"
            " AND datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(await bench.pool.fetchval(waiting))

    async with replayer_process(bench.settings) as first:
        await until(waits, what="the replayer, in the midst of a batch")
        first.kill()
        await first.wait()
    left = await bench.present(run)
    assert (left.state, left.progress["done"]) == ("running", done)


async def test_a_redrive_killed_in_a_batch_is_ended_by_the_next_replayer(bench: Bench) -> None:
    orders = [f"O-{number:02d}" for number in range(30)]
    await bench.park(*orders)
    [last] = (await bench.parked_ids())[-1:]
    run = await bench.ask("redrive", canary=20)
    async with locked(bench, f"SELECT FROM parked WHERE parked_id = '{last}'"):
        await killed_at_the_lock(bench, run, done=20)
    assert await bench.rows("SELECT count(*) FROM orders") == [(20,)], "of the batch under way nothing is in"
    async with replayer_process(bench.settings):
        result = await bench.ended(run)
    assert (result["landed"], result["failed"], result["left"]) == (30, 0, 0)
    assert await bench.parked_states() == {"redriven": 30}
    for table, one in (("arrivals", "arrival_id"), ("journal", "order_id"), ("operator_actions", "subject_id")):
        assert await bench.rows(f"SELECT count(*), count(DISTINCT {one}) FROM {table}") == [(30, 30)], table


async def test_a_bulk_retry_killed_in_a_batch_is_ended_by_the_next_replayer(
    bench: Bench, world: World, sink: Sink
) -> None:
    ends = [await world.endpoint(f"{sink.url}/{name}", name=name) for name in ("a", "b")]
    await given_up(world, orders=12)
    late = max(ends, key=str)
    run = await bench.ask("callback_retry")
    async with publishing(settings_for(world.dsn)):
        async with locked(bench, f"SELECT FROM callbacks WHERE endpoint_id = '{late}'"):
            await killed_at_the_lock(bench, run, done=12)
            await world.wait_states(delivered=12, given_up=12)
        async with replayer_process(bench.settings):
            assert await bench.ended(run) == {"retried": 24}
        await world.wait_states(delivered=24)
    assert len(sink.requests) == len({callback_of(request) for request in sink.requests}) == 24
    retries = await bench.rows("SELECT count(*), count(DISTINCT subject_id) FROM operator_actions")
    assert retries == [(24, 24)]
