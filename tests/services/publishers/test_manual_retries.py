"""Retries by hand beside those by policy: one row, claimed once, so the two never race (peers' known bugs are here)."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from runtime.settings import PolicySettings
from store.callbacks import CallbackResult, promote_next, record_results
from store.endpoints import delete_endpoint, lock_endpoint
from store.retries import MovedCallback, retry_callbacks
from tests.leases import lease
from tests.services.publishers.world import World, publishing, settings_for
from tests.sink import OK, Reaction, Sink
from tests.waiting import until

RARELY = {"rarely": PolicySettings(kind="fixed", wait_seconds=3600, retries=10)}
ONCE = {"once": PolicySettings(kind="fixed", wait_seconds=0.05, retries=0)}


async def retry(world: World, *callbacks: UUID, anew: bool = False) -> list[MovedCallback]:
    async with world.pool.acquire() as connection, connection.transaction():
        return await retry_callbacks(connection, callbacks, anew=anew)


async def owed(world: World) -> list[UUID]:
    """All callbacks, by sequence."""
    return [row["callback_id"] for row in await world.fetch("SELECT callback_id FROM callbacks ORDER BY sequence")]


async def numbers(world: World) -> list[tuple[int, str, str]]:
    return [(row["number"], row["trigger"], row["outcome"]) for row in await world.attempts()]


def sent(sink: Sink) -> "Counter[UUID]":
    return Counter(UUID(request.headers["webhook-id"].removeprefix("msg_")) for request in sink.requests)


async def test_a_manual_retry_takes_the_place_of_the_automatic_one_that_waits(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(500), OK), policy="rarely")
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn, policies=RARELY)):
        await until(lambda: numbers(world), what="the first attempt")
        assert [moved.before for moved in await retry(world, callback)] == ["pending"]
        await world.wait_states(delivered=1)
    assert await numbers(world) == [(1, "policy", "try_again"), (2, "manual", "delivered")]
    assert sent(sink) == {callback: 2}


async def test_a_manual_retry_that_fails_leaves_the_policy_where_it_was(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(500)), policy="rarely")
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn, policies=RARELY)):
        await until(lambda: numbers(world), what="the first attempt")
        await retry(world, callback)

        async def failed_twice() -> bool:
            return len(await numbers(world)) == 2

        await until(failed_twice)
    row = (await world.fetch("SELECT state, attempts, trigger, due_at > now() + '59 min' AS later FROM callbacks"))[0]
    assert tuple(row) == ("pending", 2, "policy", True)


async def test_retries_by_hand_while_the_automatic_ones_are_due_send_each_callback_once_for_each_end(
    world: World, sink: Sink
) -> None:
    """Whoever wins, every send is accounted for: the first one, and one for each retry that found it delivered."""
    await world.endpoint(sink.url + "/hook", max_in_flight=8)
    await world.owe(orders=60)
    callbacks = await owed(world)
    ended: Counter[UUID] = Counter()

    async def keep_asking(mine: Sequence[UUID]) -> None:
        for callback in mine:
            for moved in await retry(world, callback):
                if moved.before == "delivered":
                    ended[moved.callback_id] += 1

    async with publishing(settings_for(world.dsn)), publishing(settings_for(world.dsn)):
        await asyncio.gather(*(keep_asking(callbacks[turn:] + callbacks[:turn]) for turn in (0, 7, 20, 40)))
        await world.wait_states(delivered=60)
    assert sent(sink) == Counter(callbacks) + ended
    assert [row["number"] for row in await world.attempts() if row["number"] == 1] == [1] * 60


async def test_one_that_is_being_sent_is_not_retried(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(delay_seconds=0.5)))
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn)):
        await sink.wait_count("/hook", 1)
        assert await retry(world, callback) == []
        await world.wait_states(delivered=1)
    assert sent(sink) == {callback: 1}


async def test_a_given_up_one_retried_by_many_at_once_is_sent_once(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(500), OK), policy="once")
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn, policies=ONCE)):
        await world.wait_states(given_up=1)
    moved = await asyncio.gather(*(retry(world, callback) for _ in range(8)))
    assert Counter(one.before for several in moved for one in several) == {"given_up": 1, "pending": 7}
    async with publishing(settings_for(world.dsn, policies=ONCE)):
        await world.wait_states(delivered=1)
    assert sent(sink) == {callback: 2}


async def test_one_of_a_disabled_endpoint_waits_until_it_is_enabled(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(410), OK))
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn)):

        async def disabled() -> bool:
            return bool(await world.value("SELECT state = 'disabled' FROM endpoints"))

        await until(disabled)
        assert [one.state for one in await retry(world, callback)] == ["pending"]
        await world.endpoint(sink.url + "/other", name="other")
        await world.owe()
        await sink.wait_count("/other", 1)  # the publisher has looked at what is due since
        assert len(sink.at("/hook")) == 1
        await world.pool.execute("UPDATE endpoints SET state = 'enabled', updated_at = now()")
        await sink.wait_for(lambda: sent(sink)[callback] == 2)


async def test_a_delivered_one_is_sent_again_as_a_replay_and_says_so(world: World, sink: Sink) -> None:
    await world.endpoint(sink.url + "/hook")
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=1)
        await retry(world, callback)
        await sink.wait_count("/hook", 2)
        await world.wait_states(delivered=1)
        await retry(world, callback)
        await sink.wait_count("/hook", 3)
        await world.wait_states(delivered=1)
    assert [request.headers.get("ticketwire-replay") for request in sink.requests] == [None, "true", "true"]
    assert sent(sink) == {callback: 3}


async def test_several_of_one_order_go_out_in_its_sequence_whatever_order_they_are_named_in(
    world: World, sink: Sink
) -> None:
    await world.endpoint(sink.url + "/hook")
    [order] = await world.owe(events=3)
    callbacks = await owed(world)
    await world.pool.execute("UPDATE callbacks SET state = 'given_up', finished_at = now()")
    await world.owe_more([order])
    moved = {one.callback_id: one.state for one in await retry(world, *reversed(callbacks))}
    assert [moved[callback] for callback in callbacks] == ["pending", "queued", "queued"]
    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=4)
    order_sent = [UUID(request.headers["webhook-id"].removeprefix("msg_")) for request in sink.requests]
    assert order_sent == await owed(world)


async def test_a_retry_that_begins_anew_has_all_tries_of_its_policy_again(world: World, sink: Sink) -> None:
    thrice = {"thrice": PolicySettings(kind="fixed", wait_seconds=0.02, retries=2)}
    await world.endpoint(sink.plan("/hook", Reaction(500)), policy="thrice")
    await world.owe()
    [callback] = await owed(world)
    async with publishing(settings_for(world.dsn, policies=thrice)):
        await world.wait_states(given_up=1)
        await retry(world, callback)
        await sink.wait_count("/hook", 4)
        await world.wait_states(given_up=1)
        await retry(world, callback, anew=True)
        await sink.wait_count("/hook", 7)
        await world.wait_states(given_up=1)
    assert [number for number, *_ in await numbers(world)] == [1, 2, 3, 4, 5, 6, 7]


async def test_regression_a_retry_and_a_completion_take_their_locks_in_one_order(world: World) -> None:
    """The completion holds the first of the order and wants the queued one, which the retry must not hold by then."""
    endpoint = await world.endpoint("http://127.0.0.1:1/hook")
    while True:  # ids are derived, so try orders until the queued one's comes before that of the one being sent
        await world.pool.execute("DELETE FROM callbacks")
        await world.owe(events=3)
        ended, first, queued = await owed(world)
        if queued < first:
            break
    order = await world.value("SELECT DISTINCT order_id FROM callbacks")
    await world.pool.execute("UPDATE callbacks SET state = 'given_up' WHERE callback_id = $1", ended)
    await lease(world.pool, first)
    async with world.pool.acquire() as completion, completion.transaction():
        await completion.execute("UPDATE callbacks SET state = 'delivered' WHERE callback_id = $1", first)
        await completion.execute("DELETE FROM leases WHERE callback_id = $1", first)
        asked = asyncio.create_task(retry(world, ended))

        async def waits() -> bool:
            return bool(await world.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

        await until(waits, what="the retry, waiting for the completion")
        await promote_next(completion, [(endpoint, order)])
    assert [one.state for one in await asked] == ["pending"], "it comes before the one that was queued"
    assert await world.states() == {"delivered": 1, "pending": 1, "queued": 1}


async def test_regression_no_callback_of_an_endpoint_that_is_being_deleted_is_retried(world: World) -> None:
    endpoint = await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe()
    [callback] = await owed(world)
    await world.pool.execute("UPDATE callbacks SET state = 'given_up'")
    async with world.pool.acquire() as deletion, deletion.transaction():
        await lock_endpoint(deletion, str(endpoint))
        await delete_endpoint(deletion, endpoint)
        asked = asyncio.create_task(retry(world, callback))

        async def waits() -> bool:
            return bool(await world.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

        await until(waits, what="the retry, waiting for the deletion")
    assert await asked == []
    assert await world.states() == {"given_up": 1}


async def test_regression_a_yes_that_is_recorded_twice_does_not_undo_a_retry_asked_since(world: World) -> None:
    """As after an outage at the commit: the completer cannot know that its first recording was kept."""
    endpoint = await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe()
    [callback] = await owed(world)
    await lease(world.pool, callback)
    yes = CallbackResult(
        callback_id=callback,
        endpoint_id=endpoint,
        attempt_number=1,
        leased_by="w",
        state="delivered",
        counted=True,
        outcome="",
    )

    async def recorded() -> int:
        async with world.pool.acquire() as connection, connection.transaction():
            return len((await record_results(connection, [yes])).rows)

    assert await recorded() == 1
    assert [one.before for one in await retry(world, callback)] == ["delivered"]
    assert await recorded() == 0
    assert await world.states() == {"pending": 1}
