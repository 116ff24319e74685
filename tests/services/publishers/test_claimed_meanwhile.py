"""What is being sent is pending, with a lease: whoever waited for its claim sees that lease, and leaves it alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from runtime.errors import Conflict
from store.callbacks import ClaimedCallback, claim, due_endpoints
from store.console_callbacks import CallbackFilter, cancel_callback, search_callbacks
from store.endpoints import delete_endpoint, lock_endpoint
from store.promotion import cancel_unsent
from store.retries import retry_callbacks
from tests.leases import lease
from tests.services.publishers.world import SOURCE, World, publishing, settings_for
from tests.sink import Sink
from tests.waiting import until

Deed = Callable[[asyncpg.pool.PoolConnectionProxy], Awaitable[object]]


async def claimed_on(connection: asyncpg.pool.PoolConnectionProxy, *, count: int = 10) -> list[ClaimedCallback]:
    work = await due_endpoints(connection, except_for=[], count=count)
    return await claim(
        connection,
        {item.endpoint_id: item.due for item in work if item.ours and item.due},
        worker="w",
        lease_margin_seconds=5.0,
        settled=[],
        pace_seconds=0.5,
        with_context=[],
    )


@asynccontextmanager
async def while_it_is_claimed(world: World, deed: Deed) -> AsyncIterator["asyncio.Task[object]"]:
    """The deed begins when a claim has locked the first of an order and is not committed yet; it ends after that."""

    async def do() -> object:
        async with world.pool.acquire() as connection, connection.transaction():
            return await deed(connection)

    async def waits() -> bool:
        return bool(await world.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    async with world.pool.acquire() as claiming, claiming.transaction():
        assert len(await claimed_on(claiming)) == 1
        task = asyncio.create_task(do())
        await until(waits, what="the deed, waiting for the claim")
    yield task


async def ids(world: World) -> list[UUID]:
    return [row["callback_id"] for row in await world.fetch("SELECT callback_id FROM callbacks ORDER BY sequence")]


async def test_what_is_claimed_meanwhile_is_not_cancelled(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe()
    [callback] = await ids(world)
    async with while_it_is_claimed(world, lambda on: cancel_callback(on, callback, outcome="no")) as cancelled:
        with pytest.raises(Conflict, match="it is sending"):
            await cancelled
    assert await world.states() == {"sending": 1}


async def test_what_is_claimed_meanwhile_is_not_retried_by_hand(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe()
    [callback] = await ids(world)
    async with while_it_is_claimed(world, lambda on: retry_callbacks(on, [callback])) as retried:
        assert await retried == []
    assert await world.value("SELECT trigger FROM callbacks") == "policy"


async def test_a_retry_stays_behind_one_of_its_order_that_is_claimed_meanwhile(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe(events=2)
    first, second = await ids(world)
    await world.pool.execute("UPDATE callbacks SET state = 'given_up' WHERE callback_id = $1", first)
    await world.pool.execute("UPDATE callbacks SET state = 'pending' WHERE callback_id = $1", second)
    async with while_it_is_claimed(world, lambda on: retry_callbacks(on, [first])) as retried:
        assert [moved.state for moved in await retried] == ["queued"]  # type: ignore[attr-defined]
    assert await world.states() == {"queued": 1, "sending": 1}


async def test_a_promotion_cancels_what_was_not_sent_and_not_what_is_claimed_meanwhile(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe(events=2)
    rows = await world.fetch("SELECT order_id, event_id FROM callbacks")
    events = [row["event_id"] for row in rows]
    async with while_it_is_claimed(
        world, lambda on: cancel_unsent(on, rows[0]["order_id"], events, outcome="superseded")
    ) as cancelled:
        assert len(await cancelled) == 1  # type: ignore[arg-type]
    states = await world.fetch("SELECT state FROM callbacks ORDER BY sequence")
    assert [row["state"] for row in states] == ["pending", "cancelled"]


async def test_an_endpoint_deleted_beside_a_claim_leaves_no_lease(world: World) -> None:
    endpoint = await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe()

    async def delete(connection: asyncpg.pool.PoolConnectionProxy) -> int:
        await lock_endpoint(connection, str(endpoint))
        return await delete_endpoint(connection, endpoint)

    async with while_it_is_claimed(world, delete) as deleted:
        assert await deleted == 1
    assert await world.states() == {"cancelled": 1}
    assert await world.value("SELECT count(*) FROM leases") == 0


async def test_what_is_leased_is_neither_work_nor_claimed_again(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe(orders=3)
    async with world.pool.acquire() as connection:
        async with connection.transaction():
            assert len(await claimed_on(connection, count=2)) == 2
        async with connection.transaction():
            [work] = await due_endpoints(connection, except_for=[], count=10)
            assert work.due == 1
            assert len(await claimed_on(connection)) == 1
        async with connection.transaction():
            assert await due_endpoints(connection, except_for=[], count=10) == []
    assert await world.states() == {"sending": 3}


async def test_the_search_tells_what_is_being_sent_from_what_waits(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe(orders=3)
    callback = (await ids(world))[0]
    await lease(world.pool, callback)
    async with world.pool.acquire() as connection:
        for state, number in (("sending", 1), ("pending", 2), ("delivered", 0), (None, 3)):
            found = await search_callbacks(connection, CallbackFilter(state=state), limit=10)
            assert [row["state"] for row in found if state] == [state] * number * bool(state)
            assert len(found) == number
            assert {row["callback_id"] for row in found if row["state"] == "sending"} <= {callback}


async def test_a_publisher_of_the_version_before_claims_nothing(world: World) -> None:
    """It would set the state; two publishers would send the same callback, for it sees no lease."""
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe()
    claimed = await world.fetch("UPDATE callbacks SET state = 'sending', leased_by = 'old' RETURNING callback_id")
    assert claimed == []
    assert await world.states() == {"pending": 1}


async def test_what_a_publisher_of_the_version_before_was_sending_when_it_died_is_taken_over(
    world: World, sink: Sink
) -> None:
    await world.endpoint(sink.plan("/hook"))
    await world.owe()
    await world.pool.execute("ALTER TABLE callbacks DISABLE TRIGGER callbacks_are_leased")
    await world.pool.execute(
        "UPDATE callbacks SET state = 'sending', attempts = 2, attempt_number = 3, leased_by = 'old',"
        " sending_since = now() - interval '1 minute', first_attempt_at = now() - interval '1 hour',"
        " lease_until = now() - interval '1 second'"
    )
    await world.pool.execute("ALTER TABLE callbacks ENABLE TRIGGER callbacks_are_leased")
    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=1)
    told = [(row["number"], row["outcome"], row["worker"] == "old") for row in await world.attempts()]
    assert told == [(3, "may_have_been_sent", True), (4, "delivered", False)]
    [row] = await world.fetch("SELECT attempts, attempt_number, leased_by, sending_since FROM callbacks")
    assert tuple(row) == (3, 4, None, None)


async def test_a_callback_that_the_version_before_owed_tells_its_order_s_source(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe(orders=2)
    first = (await ids(world))[0]
    await world.pool.execute("UPDATE callbacks SET source = '' WHERE callback_id = $1", first)
    await world.pool.execute("UPDATE callbacks SET source = 'its-own' WHERE callback_id <> $1", first)
    async with world.pool.acquire() as connection, connection.transaction():
        claimed = await claimed_on(connection)
    assert {callback.source for callback in claimed} == {SOURCE, "its-own"}
