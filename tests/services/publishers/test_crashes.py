"""Publishers that are killed or stopped, and a Postgres that goes away."""

import asyncio
import itertools
import signal
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from dialects.contract import Answer, Call
from publishers.answer import Answered
from publishers.record import record
from publishers.transport_faults import Fault
from runtime.settings import PolicySettings
from store.migrate import migrate
from tests.leases import lease
from tests.services.conftest import OwnPostgres
from tests.services.publishers.process import publisher_process
from tests.services.publishers.world import World, publishing, settings_for, world_on
from tests.sink import OK, Reaction, Received, Sink
from tests.waiting import until

EVERY_SECOND = {"void": PolicySettings(kind="fixed", wait_seconds=1, retries=10)}


async def test_a_publisher_killed_after_attempt_4_makes_11_attempts_in_all(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(500)), policy="void", timeout_seconds=1.0)
    await world.owe()
    settings = settings_for(world.dsn, policies=EVERY_SECOND)

    with publisher_process(settings) as first:

        async def four_recorded() -> bool:
            return len(await world.attempts()) == 4

        await until(four_recorded, seconds=30)
        first.send_signal(signal.SIGKILL)
        first.wait()
    with publisher_process(settings):
        await world.wait_states(given_up=1, seconds=40)

    assert len(sink.at("/hook")) == 11
    attempts = await world.attempts()
    assert [row["number"] for row in attempts] == list(range(1, 12))
    assert len({row["worker"] for row in attempts}) == 2


async def test_a_call_whose_publisher_was_killed_shows_and_is_taken_over(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(delay_seconds=30), OK), timeout_seconds=1.0)
    await world.owe()
    settings = settings_for(world.dsn, lease_margin_seconds=0.5)

    with publisher_process(settings) as first:
        await sink.wait_count("/hook", 1)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert await world.states() == {"sending": 1}
    async with publishing(settings):
        await world.wait_states(delivered=1)

    lost, made = await world.attempts()
    assert (lost["outcome"], lost["error"], lost["stage"], lost["number"]) == (
        "may_have_been_sent",
        "worker-lost",
        "during",
        1,
    )
    assert (made["outcome"], made["number"]) == ("delivered", 2)
    assert lost["worker"] != made["worker"]


async def test_a_lost_publisher_uses_up_the_last_attempt(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(delay_seconds=30)), policy="once", timeout_seconds=1.0)
    await world.owe()
    settings = settings_for(
        world.dsn,
        lease_margin_seconds=0.5,
        policies={"once": PolicySettings(kind="fixed", wait_seconds=1, retries=0)},
    )

    with publisher_process(settings) as first:
        await sink.wait_count("/hook", 1)
        first.send_signal(signal.SIGKILL)
        first.wait()
    async with publishing(settings):
        await world.wait_states(given_up=1)

    assert len(sink.requests) == 1


async def test_a_graceful_stop_lets_calls_finish_and_uses_up_no_attempt(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/quick", Reaction(delay_seconds=0.4)))
    await world.endpoint(sink.plan("/stuck", Reaction(delay_seconds=60)), timeout_seconds=30)
    await world.endpoint(sink.plan("/paced", Reaction(delay_seconds=0)), rate_limit=0.5)
    await world.owe(orders=2)

    with publisher_process(settings_for(world.dsn, stop_grace_seconds=1.0)) as process:
        await sink.wait_for(lambda: len(sink.at("/quick")) == 2 and len(sink.at("/stuck")) == 2)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0

    rows = await world.fetch("SELECT e.url, c.* FROM callbacks c JOIN endpoints e USING (endpoint_id)")
    states = {(row["url"].rpartition("/")[2], row["state"], row["attempts"]) for row in rows}
    assert ("quick", "delivered", 1) in states
    assert ("stuck", "pending", 0) in states
    assert {state for name, state, _ in states if name == "quick"} == {"delivered"}
    assert await world.value("SELECT count(*) FROM leases") == 0
    cut = [row for row in await world.attempts() if row["outcome"] == "interrupted"]
    assert {(row["stage"], row["error"]) for row in cut} == {("during", "shutdown")}


async def test_callbacks_that_were_cut_go_out_again_at_once(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(delay_seconds=60), OK), policy="standard", timeout_seconds=30)
    await world.owe()

    async with publishing(settings_for(world.dsn, stop_grace_seconds=0)):
        await sink.wait_count("/hook", 1)
    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=1, seconds=3)

    assert [(row["number"], row["outcome"]) for row in await world.attempts()] == [(1, "interrupted"), (2, "delivered")]
    assert await world.value("SELECT attempts FROM callbacks") == 1


class SaysYes:
    """An HTTP client that notes what it is asked to send, and is told yes."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered | Fault:
        del timeout_seconds
        self.sent.append(call.headers["webhook-id"])
        return Answered(Answer(200, {}, b"{}"))

    async def close(self) -> None:
        pass


async def test_a_yes_that_cannot_be_recorded_is_never_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.endpoint("http://127.0.0.1:1/", timeout_seconds=1.0)
    await world.owe(orders=5)
    client, failures = SaysYes(), itertools.count()

    async def failing(*arguments: object, **named: object) -> None:
        if next(failures) < 4:
            raise asyncpg.PostgresSyntaxError("a bug")
        await record(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("publishers.completer.record", failing)
    # The lease ends long before the recording succeeds; this publisher's own rescue must know better.
    async with publishing(settings_for(world.dsn, lease_margin_seconds=0.1), client=client):
        await world.wait_states(delivered=5, seconds=30)

    assert next(failures) > 4
    assert len(client.sent) == len(set(client.sent)) == 5
    assert [row["outcome"] for row in await world.attempts()] == ["delivered"] * 5


async def test_publishers_recover_by_themselves_when_postgres_was_killed(own_postgres: OwnPostgres, sink: Sink) -> None:
    """Results of calls that end while it is away are kept; nothing that was said yes to is sent again."""
    postgres = await own_postgres(extra_settings={})
    await migrate(postgres.dsn)
    held = asyncio.Event()

    def choose(request: Received) -> Reaction:
        return Reaction(delay_seconds=1.0) if held.is_set() else OK

    sink.choose(choose)
    async with world_on(postgres.dsn) as world:
        await world.endpoint(sink.url + "/hook", max_in_flight=8, timeout_seconds=5)
        await world.owe(orders=20)
        async with publishing(settings_for(postgres.dsn, lease_margin_seconds=3.0)) as publisher:
            await world.wait_states(delivered=20)
            held.set()
            await world.owe(orders=8)
            await sink.wait_count("/hook", 28)
            postgres.kill()
            await postgres.wait()

            async def kept() -> bool:
                return len(publisher.completer.held) == 8

            await until(kept)
            await postgres.restart()
            await world.wait_states(delivered=28, seconds=30)
            held.clear()
            await world.owe(orders=5)
            await world.wait_states(delivered=33)

    assert len({request.headers["webhook-id"] for request in sink.requests}) == len(sink.requests) == 33


async def test_a_publisher_starts_while_postgres_is_away(own_postgres: OwnPostgres, sink: Sink) -> None:
    postgres = await own_postgres()
    await migrate(postgres.dsn)
    async with world_on(postgres.dsn) as world:
        await world.endpoint(sink.plan("/hook"))
        await world.owe()
    await postgres.stop()

    async with publishing(settings_for(postgres.dsn)) as publisher:

        async def noticed() -> bool:
            return publisher.failing() is not None

        await until(noticed)
        await postgres.start()
        await sink.wait_count("/hook", 1)
        async with world_on(postgres.dsn) as world:
            await world.wait_states(delivered=1)

        async def well() -> bool:
            return publisher.failing() is None

        await until(well)


async def test_no_lease_is_taken_back_right_after_postgres_came_back(own_postgres: OwnPostgres, sink: Sink) -> None:
    """Its holder may be alive, with a result that could not be recorded while Postgres was away."""
    postgres = await own_postgres()
    await migrate(postgres.dsn)
    async with world_on(postgres.dsn) as world:
        await world.endpoint(sink.plan("/hook"))
        await world.owe()
        now = datetime.now(UTC)
        await lease(
            world.pool,
            await world.value("SELECT callback_id FROM callbacks"),
            worker="another",
            since=now - timedelta(hours=1),
            until=now - timedelta(minutes=1),
        )
    await postgres.restart()

    async with publishing(settings_for(postgres.dsn, lease_margin_seconds=3.0)), world_on(postgres.dsn) as world:
        await world.wait_states(delivered=1)
        waited = (
            "SELECT extract(epoch FROM finished_at - pg_postmaster_start_time())::float8 FROM attempts WHERE number = 1"
        )
        assert await world.value(waited) >= 3.0
