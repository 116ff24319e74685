"""Results are recorded as quickly as they come, however many there are; and where they are not, calling waits."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from asyncpg.connection import LoggedQuery

from dialects.contract import Answer, Call
from publishers.answer import Answered
from publishers.completer import BATCH
from publishers.give_up import ExhaustedVoid, VoidRejection
from publishers.record import record
from schemas.events import OrderVoid
from tests.services.publishers.world import WIRE_FORMS, World, publishing, settings_for
from tests.waiting import until

IN_FLIGHT = 64
"""Calls of one publisher, by default."""


class SaysYes:
    """An HTTP client that notes what it is asked to send, and is told yes."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered:
        del timeout_seconds
        self.sent.append(call.headers["webhook-id"])
        return Answered(Answer(200, {}, b"{}"))

    async def close(self) -> None:
        pass


async def test_calls_wait_while_recording_does_not_keep_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise results outlive their leases, are taken for lost by others and made again, without end."""
    await world.endpoint("http://127.0.0.1:1/", max_in_flight=5000)
    orders = 3 * BATCH
    await world.owe(orders=orders)
    client, may_record = SaysYes(), asyncio.Event()

    async def slow(*arguments: Any, **named: Any) -> None:
        await may_record.wait()
        await record(*arguments, **named)

    monkeypatch.setattr("publishers.completer.record", slow)
    async with publishing(settings_for(world.dsn, lease_margin_seconds=60.0), client=client) as publisher:
        try:
            await until(lambda: publisher.completer.behind)
            await until(lambda: not publisher.dispatcher.calls)
            assert len(client.sent) <= BATCH + 2 * IN_FLIGHT
        finally:
            may_record.set()
        await world.wait_states(delivered=orders, seconds=60)
    assert len(client.sent) == len(set(client.sent)) == orders


async def given_up(world: World, codes: Sequence[tuple[str, str]]) -> list[ExhaustedVoid]:
    """Voids of these orders and cases, each said once, as if given up after 10 retries."""
    await world.say(
        [
            (order_no, OrderVoid(order_no=order_no, customer="C", void_code=c, void_status=1, message=""))
            for order_no, c in codes
        ]
    )
    rows = await world.fetch("SELECT event_id, order_id FROM events WHERE origin = 'supplier' ORDER BY order_id")
    return [ExhaustedVoid(row["event_id"], row["order_id"], 10) for row in rows]


async def statements_of(world: World, exhausted: Sequence[ExhaustedVoid]) -> int:
    """Reject them all in one transaction; how many statements that took."""
    seen: list[str] = []

    def note(query: LoggedQuery) -> None:
        seen.append(query.query)

    rejection = VoidRejection(WIRE_FORMS)
    async with world.pool.acquire() as connection, connection.transaction():
        await rejection.lock(connection, list({item.order_id for item in exhausted}))
        connection.add_query_logger(note)
        await rejection.reject(connection, exhausted)
        connection.remove_query_logger(note)
        await asyncio.sleep(0)  # the loggers of the last statement
    return len(seen)


async def test_many_voids_are_rejected_by_as_many_statements_as_one(world: World) -> None:
    """Their orders stay locked meanwhile, and processors wait for them."""
    await world.endpoint("http://127.0.0.1:1/")
    await statements_of(world, await given_up(world, [("A-1", "V-1")]))  # the client learns the types
    for_one = await statements_of(world, await given_up(world, [("A-2", "V-1")]))
    many = await given_up(world, [(f"B-{n}", "V-1") for n in range(40)])
    assert await statements_of(world, many) == for_one
    assert await world.value("SELECT count(*) FROM void_cases WHERE status = 4") == 42
    assert await world.value("SELECT count(*) FROM events WHERE origin = 'hub'") == 42


async def test_two_voids_of_one_order_are_rejected_one_after_the_other(world: World) -> None:
    await world.endpoint("http://127.0.0.1:1/")
    exhausted = await given_up(world, [("A-1", "V-1"), ("A-1", "V-2")])
    await statements_of(world, [*exhausted, exhausted[0]])
    rows = await world.fetch("SELECT version, change FROM journal ORDER BY version")
    assert [row["version"] for row in rows] == [1, 2, 3, 4]
    assert sorted(row["change"]["after"]["void_code"] for row in rows[2:]) == ["V-1", "V-2"]
    assert await world.value("SELECT version FROM orders") == 4
    assert await world.value("SELECT count(*) FROM void_cases WHERE status = 4") == 2
    sequences = await world.fetch("SELECT sequence FROM callbacks ORDER BY sequence")
    assert [row["sequence"] for row in sequences] == [1, 2, 3, 4]
