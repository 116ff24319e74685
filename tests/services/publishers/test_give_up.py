"""An endpoint that carries out voids fails every retry: the hub rejects the case and tells everybody (rule 7)."""

import orjson

from runtime.settings import PolicySettings
from tests.services.publishers.world import World, publishing, settings_for, ticketed
from tests.sink import Reaction, Sink

TEN_QUICK = {"void": PolicySettings(kind="fixed", wait_seconds=0.05, retries=10)}
MESSAGE = "废票失败：系统重试 10 次仍未成功"


async def test_exhaustion_rejects_the_case_and_tells_every_subscriber(world: World, sink: Sink) -> None:
    executor = await world.endpoint(sink.plan("/executor", Reaction(500)), policy="void", on_give_up="reject_void")
    await world.endpoint(sink.plan("/standard"))
    await world.endpoint(sink.plan("/atlas"), dialect="atlas", credentials={})
    (order,) = await world.owe(orders=1)

    async with publishing(settings_for(world.dsn, policies=TEN_QUICK)):
        # Two callbacks given up at the executor: the void, and the news of its own failure. No third follows.
        await world.wait_states(delivered=4, given_up=2, seconds=30)

    (case,) = await world.fetch("SELECT * FROM void_cases")
    assert (case["void_code"], case["status"], case["message"]) == ("202505-0012", 4, MESSAGE)
    assert await world.value("SELECT version FROM orders") == 2
    change = await world.value("SELECT change FROM journal WHERE version = 2")
    assert (change["before"]["status"], change["after"]["status"]) == (None, 4)
    assert len(sink.at("/executor")) == 22
    said = [orjson.loads(request.body) for request in sink.at("/atlas")]
    assert [body["data"]["voidStatus"] for body in said] == [1, 4]
    assert said[1] == {
        "cid": "TAC00001",
        "type": "order.void",
        "status": -1,
        "data": {"orderNo": order, "voidCode": "202505-0012", "voidStatus": 4, "message": MESSAGE},
    }
    told = [orjson.loads(request.body)["data"]["event"]["void_status"] for request in sink.at("/standard")]
    assert told == [1, 4]
    hub = await world.fetch("SELECT * FROM events WHERE origin = 'hub'")
    assert len(hub) == 1
    assert await world.value("SELECT count(*) FROM callbacks WHERE endpoint_id = $1", executor) == 2


async def test_a_retry_by_hand_that_fails_too_says_nothing_new(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/executor", Reaction(500)), policy="void", on_give_up="reject_void")
    await world.owe(orders=1)
    by_hand = (
        "UPDATE callbacks SET state = 'pending', due_at = now(), trigger = 'manual', finished_at = NULL RETURNING 1"
    )

    async with publishing(settings_for(world.dsn, policies=TEN_QUICK)):
        await world.wait_states(given_up=2)
        await world.fetch(by_hand)
        await sink.wait_count("/executor", 24)
        await world.wait_states(given_up=2)

    assert [row["trigger"] for row in await world.attempts() if row["number"] == 12] == ["manual"] * 2
    assert await world.value("SELECT count(*) FROM events WHERE origin = 'hub'") == 1


async def test_the_rejection_is_told_after_what_the_order_is_still_owed(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/executor", Reaction(500)), policy="void", on_give_up="reject_void")
    await world.endpoint(sink.plan("/slow", *[Reaction(503)] * 20, Reaction(200)), policy="quick-enough")
    await world.owe(orders=1)
    policies = TEN_QUICK | {"quick-enough": PolicySettings(kind="fixed", wait_seconds=0.1, retries=50)}

    async with publishing(settings_for(world.dsn, policies=policies)):
        await world.wait_states(delivered=2, given_up=2, seconds=30)

    bodies = [orjson.loads(request.body) for request in sink.at("/slow")]
    assert [body["data"]["event"]["void_status"] for body in bodies] == [1] * 21 + [4]


async def test_other_events_and_other_endpoints_reject_nothing(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/executor", Reaction(500)), policy="void", on_give_up="reject_void")
    await world.endpoint(
        sink.plan("/keeps", Reaction(500)), policy="void", on_give_up="keep", event_types=("order.void",)
    )
    await world.say([("T-1", ticketed("T-1"))])

    async with publishing(settings_for(world.dsn, policies=TEN_QUICK)):
        await world.wait_states(given_up=1)
    assert await world.value("SELECT count(*) FROM void_cases") == 0
    await world.fetch("UPDATE endpoints SET on_give_up = 'keep', updated_at = now() RETURNING 1")
    await world.owe(orders=1)
    async with publishing(settings_for(world.dsn, policies=TEN_QUICK)):
        await world.wait_states(given_up=3)
    assert await world.value("SELECT count(*) FROM void_cases") == 0
