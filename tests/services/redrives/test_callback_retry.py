"""Bulk retries: what the preview counts, in each order's sequence, and never in the way of first attempts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio

from replays.callback_retry import CallbackRetryTask
from runtime.settings import PolicySettings
from schemas.callback_selection import CallbackSelection
from store.retries import Chosen, summarise
from store.runs import Run
from tests.services.publishers.conftest import sink as sink  # noqa: PLC0414 - a fixture here too
from tests.services.publishers.world import World, publishing, settings_for
from tests.services.redrives.conftest import Bench
from tests.sink import Reaction, Received, Sink
from tests.waiting import until

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
PATIENT = {"patient": PolicySettings(kind="fixed", wait_seconds=3600, retries=2)}


@pytest_asyncio.fixture
async def world(bench: Bench) -> World:
    return World(bench.settings.postgres.dsn.get_secret_value(), bench.pool)


async def given_up(world: World, *, orders: int, events: int = 1) -> list[str]:
    """Orders whose callbacks, like all there are, were given up an hour ago."""
    names = await world.owe(orders=orders, events=events)
    await world.pool.execute(
        "UPDATE callbacks SET state = 'given_up', attempts = 3, attempt_number = 3,"
        " created_at = now() - '2 h'::interval, first_attempt_at = now() - '2 h'::interval,"
        " finished_at = now() - '1 h'::interval"
    )
    return names


async def preview(world: World, selection: CallbackSelection) -> list[Chosen]:
    async with world.pool.acquire() as connection:
        return await summarise(connection, selection, asked_at=None)


def callback_of(request: Received) -> UUID:
    return UUID(request.headers["webhook-id"].removeprefix("msg_"))


async def retried(bench: Bench, selection: CallbackSelection | None = None, **asked: Any) -> int:
    run = await bench.ask("callback_retry", (selection or CallbackSelection()).stored(), **asked)
    async with bench.replaying(CallbackRetryTask()):
        return int((await bench.ended(run))["retried"])


async def test_as_many_are_retried_as_the_preview_counts(bench: Bench, world: World) -> None:
    first = await world.endpoint("http://127.0.0.1:1/a", name="first", max_in_flight=1000)
    await world.endpoint("http://127.0.0.1:1/b", name="second", max_in_flight=1000)
    await given_up(world, orders=4, events=2)
    await world.pool.execute(
        "UPDATE callbacks SET state = 'cancelled' WHERE order_id = (SELECT min(order_id::text)::uuid FROM callbacks)"
    )
    for selection, number in (
        (CallbackSelection(), 12),
        (CallbackSelection(endpoint_id=first), 6),
        (CallbackSelection(endpoint_id=first, states=("given_up", "cancelled")), 8),
        (CallbackSelection(event_type="order.ticketed"), 0),
        (CallbackSelection(until=LONG_AGO), 0),
        (CallbackSelection(failed_since=datetime.now(UTC) - timedelta(minutes=5)), 0),
    ):
        assert sum(part.number for part in await preview(world, selection)) == number
    assert await retried(bench, CallbackSelection(endpoint_id=first)) == 6
    assert await world.states() == {"pending": 3, "queued": 3, "given_up": 6, "cancelled": 4}
    noted = await bench.rows("SELECT actor, action, details FROM operator_actions WHERE run_id IS NOT NULL")
    assert len(noted) == 6
    assert all(row[:2] == ("ana", "retry") and row[2]["was"] == "given_up" for row in noted)


async def test_first_attempts_do_not_wait_behind_a_heap_of_old_callbacks(
    bench: Bench, world: World, sink: Sink
) -> None:
    sink.choose(lambda _: Reaction(delay_seconds=0.02))
    await world.endpoint(sink.url + "/hook", max_in_flight=2)
    await given_up(world, orders=60)
    run = await bench.ask("callback_retry")
    async with publishing(settings_for(world.dsn)), bench.replaying(CallbackRetryTask()):
        await sink.wait_count("/hook", 12)
        await world.owe()
        fresh = await world.value("SELECT callback_id FROM callbacks ORDER BY created_at DESC LIMIT 1")
        sent_before = len(sink.requests)
        await sink.wait_for(lambda: any(callback_of(request) == fresh for request in sink.requests))
        place = [callback_of(request) for request in sink.requests].index(fresh) - sent_before
        await world.wait_states(delivered=61)
        assert (await bench.ended(run))["retried"] == 60
    assert place <= 10, "two rounds of what the endpoint takes at once, and what was being sent"


async def test_an_endpoint_that_hangs_keeps_no_other_one_waiting(bench: Bench, world: World, sink: Sink) -> None:
    slow = Reaction(delay_seconds=60)
    hanging = await world.endpoint(sink.plan("/hangs", slow), name="a", max_in_flight=1, timeout_seconds=60.0)
    healthy = await world.endpoint(sink.url + "/healthy", name="b", max_in_flight=4)
    await given_up(world, orders=40)
    run = await bench.ask("callback_retry")
    async with publishing(settings_for(world.dsn, stop_grace_seconds=0)), bench.replaying(CallbackRetryTask()):
        await sink.wait_count("/healthy", 40)

        async def finished() -> list[str]:
            progress = (await bench.present(run)).progress
            return list(progress["open"]) if progress.get("done") and str(healthy) not in progress["open"] else []

        assert await until(finished) == [str(hanging)]
        assert await world.value("SELECT count(*) FROM callbacks WHERE state = 'given_up'") > 30
        await bench.pool.execute("UPDATE runs SET cancel_requested = true")
        await bench.ended(run, "cancelled")
    left = await world.value("SELECT count(*) FROM callbacks WHERE endpoint_id = $1 AND state = 'given_up'", hanging)
    assert left > 30, "what was not made due stays as it was"


async def test_callbacks_of_an_order_stay_in_sequence_across_pages(bench: Bench, world: World, sink: Sink) -> None:
    """Pages are small (there is little room), and who became owed first by the clock need not be first by sequence."""
    await world.endpoint(sink.url + "/hook", max_in_flight=1)
    await given_up(world, orders=5, events=4)
    await world.pool.execute("UPDATE callbacks SET created_at = now() - '3 h'::interval + random() * '1 h'::interval")
    run = await bench.ask("callback_retry")
    async with publishing(settings_for(world.dsn)), bench.replaying(CallbackRetryTask()):
        await world.wait_states(delivered=20)
        assert (await bench.ended(run))["retried"] == 20
    rows = await world.fetch("SELECT callback_id, order_id, sequence FROM callbacks")
    about = {row["callback_id"]: row for row in rows}
    by_order: dict[UUID, list[int]] = {}
    for request in sink.requests:
        row = about[callback_of(request)]
        by_order.setdefault(row["order_id"], []).append(row["sequence"])
    assert list(by_order.values()) == [[1, 2, 3, 4]] * 5


async def test_delivered_ones_are_sent_once_more_each_though_they_are_delivered_again(
    bench: Bench, world: World, sink: Sink
) -> None:
    await world.endpoint(sink.url + "/hook", max_in_flight=1)
    await given_up(world, orders=3, events=3)
    await world.pool.execute("UPDATE callbacks SET state = 'delivered'")
    run = await bench.ask("callback_retry", CallbackSelection(states=("delivered",)).stored())
    async with publishing(settings_for(world.dsn)), bench.replaying(CallbackRetryTask()):
        assert (await bench.ended(run))["retried"] == 9
        await world.wait_states(delivered=9)
    assert len(sink.requests) == len({callback_of(request) for request in sink.requests}) == 9
    assert {request.headers["ticketwire-replay"] for request in sink.requests} == {"true"}


async def test_a_recovered_endpoint_gets_what_failed_since_then_in_order_and_with_all_tries(
    bench: Bench, world: World, sink: Sink
) -> None:
    """Given up before: not meant. Given up since: begins its policy anew. Waiting for its own retry: due now."""
    endpoint = await world.endpoint(sink.plan("/hook", Reaction(500), Reaction(200)), policy="patient")
    await given_up(world, orders=1)
    await world.pool.execute("UPDATE callbacks SET finished_at = now() - '2 days'::interval")
    [order] = await world.owe()
    await world.pool.execute(
        "UPDATE callbacks SET state = 'given_up', attempts = 3, attempt_number = 3, finished_at = now()"
        " WHERE state = 'pending'"
    )
    await world.owe_more([order])
    await world.pool.execute(
        "UPDATE callbacks SET attempts = 1, attempt_number = 1, due_at = now() + '1 h'::interval"
        " WHERE state = 'pending'"
    )
    since = datetime.now(UTC) - timedelta(days=1)
    selection = CallbackSelection(endpoint_id=endpoint, states=("given_up", "pending"), failed_since=since)
    assert {part.state: part.number for part in await preview(world, selection)} == {"given_up": 1, "pending": 1}
    run = await bench.ask("callback_retry", selection.stored(), anew=True)
    async with publishing(settings_for(world.dsn, policies=PATIENT)), bench.replaying(CallbackRetryTask()):
        assert (await bench.ended(run))["retried"] == 2
        await sink.wait_count("/hook", 1)

        async def tried() -> bool:
            return await world.states() == {"given_up": 1, "pending": 1, "queued": 1}

        await until(tried, what="the first one, pending by its policy, with the next behind it")
    [attempt] = await world.fetch("SELECT c.attempts, c.sequence FROM callbacks AS c JOIN attempts USING (callback_id)")
    assert tuple(attempt) == (1, 1), "the earlier one of the order went first, and its tries began anew"


async def test_those_of_a_disabled_endpoint_wait_for_it(bench: Bench, world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/hook", max_in_flight=1)
    await given_up(world, orders=7)
    await world.pool.execute("UPDATE endpoints SET state = 'disabled'")
    [part] = await preview(world, CallbackSelection())
    assert (part.disabled, part.number) == (True, 7)
    assert await retried(bench) == 7
    assert await world.states() == {"pending": 7}


async def test_a_bulk_retry_cut_off_goes_on_with_the_next_replayer(bench: Bench, world: World, sink: Sink) -> None:
    await world.endpoint(sink.url + "/hook", max_in_flight=4)
    await given_up(world, orders=20)
    run: Run = await bench.ask("callback_retry")

    async def begun() -> bool:
        return (await bench.present(run)).progress.get("done") == 8

    async with bench.replaying(CallbackRetryTask()):
        await until(begun, what="as many as there is room for")
    async with publishing(settings_for(world.dsn)), bench.replaying(CallbackRetryTask()):
        assert (await bench.ended(run))["retried"] == 20
        await world.wait_states(delivered=20)
    assert len(sink.requests) == 20
