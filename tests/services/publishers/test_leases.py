"""Claims and leases at their edges: a claim nobody heard of, one being made, one that ran out unnoticed."""

import itertools
import signal
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from publishers.dispatch import Dispatcher
from tests.services.publishers.process import publisher_process
from tests.services.publishers.world import World, publishing, settings_for
from tests.sink import OK, Sink
from tests.waiting import until


async def test_a_claim_whose_commit_was_never_acknowledged_goes_out_soon_and_once(
    world: World, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, so it uses up no attempt; and the lease, of a minute, is not waited for."""
    await world.endpoint(sink.plan("/hook"), timeout_seconds=60, policy="standard")
    await world.owe(orders=3)
    real, lost = Dispatcher._claim, itertools.count()

    async def never_told(self: Dispatcher, held: Sequence[UUID]) -> Any:
        found, since = await real(self, held)
        if found.claimed and next(lost) == 0:
            raise ConnectionResetError("the server went away before it said that it had committed")
        return found, since

    monkeypatch.setattr(Dispatcher, "_claim", never_told)
    async with publishing(settings_for(world.dsn)):
        await world.wait_states(delivered=3, seconds=10)

    assert next(lost) > 1
    assert len(sink.requests) == 3
    made = [(row["number"], row["outcome"], row["error"]) for row in await world.attempts()]
    assert sorted(made) == [(1, "interrupted", "claim-lost")] * 3 + [(2, "delivered", "")] * 3
    assert {row["attempts"] for row in await world.fetch("SELECT attempts FROM callbacks")} == {1}


async def test_what_is_being_claimed_is_never_taken_for_lost(world: World, sink: Sink) -> None:
    """Rescue looks all the time, also between the commit of a claim and the moment its calls are known."""
    await world.endpoint(sink.plan("/hook"), max_in_flight=64)
    await world.owe(orders=400)
    async with publishing(settings_for(world.dsn, lease_margin_seconds=0.1)) as publisher:

        async def all_delivered() -> bool:
            publisher.rescue.loop.wake()
            return (await world.states()).get("delivered") == 400

        await until(all_delivered)
    assert len(sink.requests) == 400
    assert {row["outcome"] for row in await world.attempts()} == {"delivered"}


async def test_a_call_that_waited_in_a_frozen_publisher_is_not_made_after_another_took_it(
    world: World, sink: Sink
) -> None:
    """It waits for its turn under the rate limit when its publisher is stopped, and wakes without a lease."""
    await world.endpoint(sink.plan("/hook", OK), rate_limit=0.7, timeout_seconds=1.0)
    first, second = await world.owe(orders=2)
    settings = settings_for(world.dsn, poll_seconds=3.0)  # so far ahead are calls under a rate limit claimed

    def ids_of(order_no: str) -> list[str]:
        return [request.headers["webhook-id"] for request in sink.at("/hook") if order_no.encode() in request.body]

    with publisher_process(settings) as frozen:
        await sink.wait_count("/hook", 1)
        frozen.send_signal(signal.SIGSTOP)
        waiting = second if ids_of(first) else first
        assert not ids_of(waiting)
        async with publishing(settings):
            await world.wait_states(delivered=2, seconds=30)
        assert len(ids_of(waiting)) == 1
        frozen.send_signal(signal.SIGCONT)
        await world.owe()
        await world.wait_states(delivered=3, seconds=30)

    assert len(ids_of(waiting)) == 1
