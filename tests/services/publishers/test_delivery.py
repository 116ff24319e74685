"""Claimed, sent, recorded: the plain way, and failures on it."""

import itertools

import orjson
from standardwebhooks import Webhook

from runtime.settings import PolicySettings
from tests.services.publishers.world import SECRET, World, publishing, settings_for, ticketed
from tests.sink import Reaction, Sink


async def test_a_callback_is_delivered_signed_and_its_attempt_kept_masked(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(200, b'{"ok": true}')), headers={"X-Channel": "seven"})
    await world.say([("T-1", ticketed("T-1"))])

    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=1)

    (request,) = sink.at("/hook")
    told = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert told["type"] == "order.ticketed"
    assert told["data"]["order_no"] == "T-1"
    assert told["data"]["source"] == "atlas"
    assert told["data"]["change"] == {"before": {"said": None}, "after": {"said": "order.ticketed"}}
    assert request.headers["x-channel"] == "seven"
    (attempt,) = await world.attempts()
    assert (attempt["outcome"], attempt["status"], attempt["stage"], attempt["number"]) == (
        "delivered",
        200,
        "after",
        1,
    )
    assert attempt["answer"] == b'{"ok": true}'
    kept = orjson.loads(attempt["request"])["data"]["event"]["passengers"][0]
    assert (kept["name"], kept["birthday"], kept["document_number"]) == ("ZHANG/SAN", "***", "***")


async def test_three_500s_and_then_a_200_are_four_attempts(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", *[Reaction(500)] * 3, Reaction(200)))
    await world.owe()

    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=1)

    attempts = await world.attempts()
    assert [(row["number"], row["outcome"], row["error"]) for row in attempts] == [
        (1, "try_again", "http-500"),
        (2, "try_again", "http-500"),
        (3, "try_again", "http-500"),
        (4, "delivered", ""),
    ]
    assert len({request.headers["webhook-id"] for request in sink.requests}) == 1


async def test_the_void_policy_with_a_wait_of_1_s_is_11_attempts_1_s_apart(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(500)), policy="void")
    await world.owe()
    policies = {"void": PolicySettings(kind="fixed", wait_seconds=1, retries=10)}

    async with publishing(settings_for(world.dsn, policies=policies)):
        await world.wait_states(given_up=1, seconds=30)

    times = [request.at for request in sink.at("/hook")]
    assert len(times) == 11
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(0.8 < gap < 1.5 for gap in gaps), gaps  # a busy machine receives late
    assert 0.97 < sum(gaps) / len(gaps) < 1.2, gaps
    assert [row["outcome"] for row in await world.attempts()] == ["try_again"] * 10 + ["given_up"]


async def test_the_wait_runs_from_the_start_of_the_attempt_that_failed(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", *[Reaction(500, delay_seconds=0.6)] * 3, Reaction(200)), policy="one")
    await world.owe()
    policies = {"one": PolicySettings(kind="fixed", wait_seconds=1, retries=10)}

    async with publishing(settings_for(world.dsn, policies=policies)):
        requests = await sink.wait_count("/hook", 4)

    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(requests)]
    assert all(0.6 < gap < 1.5 for gap in gaps), gaps  # a busy machine receives late
    assert 0.9 < sum(gaps) / len(gaps) < 1.2, gaps
