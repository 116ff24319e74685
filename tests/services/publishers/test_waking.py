"""How soon a callback that is owed goes out, and endpoints that change meanwhile."""

import asyncio
import statistics
from uuid import UUID

from pydantic import SecretStr

from runtime.secret_box import SecretBox, new_key
from tests.services.publishers.world import World, publishing, settings_for
from tests.sink import OK, Reaction, Sink
from tests.waiting import until


async def test_a_notice_wakes_the_publisher_long_before_it_would_look(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook"))
    waits: list[float] = []

    async with publishing(settings_for(world.dsn, poll_seconds=30.0)):
        await world.owe()
        await sink.wait_count("/hook", 1)
        for count in range(2, 42):
            await world.owe()
            owed = asyncio.get_running_loop().time()
            requests = await sink.wait_count("/hook", count, seconds=5)
            waits.append(max(0.0, requests[-1].at - owed))

    assert statistics.median(waits) < 0.05, sorted(waits)


async def test_without_notices_callbacks_are_found_by_looking(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook"))

    async with publishing(settings_for(world.dsn)) as publisher:
        await publisher.listener.stop()
        await world.owe()
        await sink.wait_count("/hook", 1, seconds=5)


async def test_the_listener_comes_back_when_its_connection_is_cut(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook"))
    listening = (
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%listener' AND datname = current_database()"
    )

    async with publishing(settings_for(world.dsn, poll_seconds=30.0)):
        pid = await until(lambda: world.value(listening))
        await world.value("SELECT pg_terminate_backend($1)", pid)

        async def another() -> bool:
            return (await world.value(listening)) not in {None, pid}

        await until(another)
        await world.owe()
        await sink.wait_count("/hook", 1, seconds=5)


async def test_what_falls_due_later_goes_out_then_though_nobody_wakes_the_publisher(world: World, sink: Sink) -> None:
    """Found beside others that are due, or known from the recording of a failure, or next in an order."""
    await world.endpoint(sink.plan("/hook", OK, Reaction(503), Reaction(503), OK))
    await world.owe(orders=1, events=2)
    later = "UPDATE callbacks SET due_at = now() + interval '1 second' WHERE state = 'pending'"
    await world.owe(orders=1)
    await world.pool.execute(
        later + " AND order_id = (SELECT order_id FROM callbacks ORDER BY created_at DESC LIMIT 1)"
    )

    async with publishing(settings_for(world.dsn, poll_seconds=60.0)):
        await world.wait_states(seconds=8, delivered=3)


async def test_regression_a_backlog_is_worked_off_without_a_pause(world: World, sink: Sink) -> None:
    """When the calls in flight ended while the last free places were given away, nobody looked for more until the next
    poll: what was due was counted no further than there were places."""
    await world.endpoint(sink.url + "/hook", max_in_flight=64)
    await world.owe(orders=3000)

    async with publishing(settings_for(world.dsn, concurrency=64, poll_seconds=60.0)):
        await world.wait_states(seconds=40, delivered=3000)


async def _change(world: World, endpoint: UUID, column: str, value: object) -> None:
    await world.fetch(
        f"UPDATE endpoints SET {column} = $2, updated_at = now() WHERE endpoint_id = $1 RETURNING 1", endpoint, value
    )


async def test_a_changed_endpoint_counts_from_the_next_callback_on(world: World, sink: Sink) -> None:
    endpoint = await world.endpoint(sink.plan("/old"))

    async with publishing(settings_for(world.dsn)):
        await world.owe()
        await sink.wait_count("/old", 1)
        await _change(world, endpoint, "url", sink.plan("/new"))
        await world.owe()
        await sink.wait_count("/new", 1)


async def test_a_disabled_endpoint_is_not_called_and_its_callbacks_are_kept(world: World, sink: Sink) -> None:
    endpoint = await world.endpoint(sink.plan("/off"))
    await world.endpoint(sink.plan("/on"))
    await _change(world, endpoint, "state", "disabled")

    async with publishing(settings_for(world.dsn)):
        await world.owe(orders=3)
        await world.wait_states(delivered=3, pending=3)
        assert sink.at("/off") == []
        await _change(world, endpoint, "state", "enabled")
        await world.wait_states(delivered=6)


async def test_secrets_that_cannot_be_read_hold_the_endpoint_and_use_up_no_attempt(world: World, sink: Sink) -> None:
    endpoint = await world.endpoint(sink.plan("/locked"))
    await world.endpoint(sink.plan("/open"))
    sealed = await world.value("SELECT secrets FROM endpoints WHERE endpoint_id = $1", endpoint)
    stranger = SecretBox([SecretStr(new_key())])
    await _change(world, endpoint, "secrets", stranger.seal({"credentials": {}, "headers": {}}))

    async with publishing(settings_for(world.dsn)):
        await world.owe()
        await world.wait_states(delivered=1, pending=1)
        assert await world.value("SELECT sum(attempts) FROM callbacks WHERE state = 'pending'") == 0
        await _change(world, endpoint, "secrets", sealed)
        await world.wait_states(delivered=2)
