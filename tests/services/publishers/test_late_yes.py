"""A yes whose record comes late, when its lease was taken back and the call was made again."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from store.attempts import Attempt, AttemptOutcome
from store.callbacks import CallbackResult, RestingState, record_results
from tests.leases import lease
from tests.services.publishers.world import World


def result(endpoint: UUID, callback: UUID, *, number: int, state: RestingState, **other: Any) -> CallbackResult:
    """What the worker of this attempt has to say."""
    outcome: AttemptOutcome = "delivered" if state == "delivered" else "try_again"
    now = datetime.now(UTC)
    attempt = Attempt(
        callback_id=callback,
        number=number,
        outcome=outcome,
        stage="after",
        error="",
        detail="",
        status=200 if state == "delivered" else 500,
        trigger="policy",
        worker=f"worker-{number}",
        request=b"",
        answer=b"",
        started_at=now,
        finished_at=now,
    )
    told: dict[str, Any] = {"counted": True, "outcome": outcome, "wait_seconds": 60.0} | other
    return CallbackResult(callback, endpoint, number, f"worker-{number}", state, attempt=attempt, **told)


async def again(world: World, *, state: str, replay: bool = False) -> tuple[UUID, UUID]:
    """An endpoint, and a callback at its second attempt after nobody had heard of the first; a second one waits."""
    endpoint = await world.endpoint("http://127.0.0.1:1/hook")
    await world.owe(events=2)
    callback: UUID = await world.value("SELECT callback_id FROM callbacks ORDER BY sequence LIMIT 1")
    ended = 1 if state == "sending" else 2
    await world.pool.execute(
        "UPDATE callbacks SET attempt_number = $2, attempts = $2, due_at = now() + interval '1 minute', replay = $3"
        " WHERE callback_id = $1",
        *(callback, ended, replay),
    )
    if state == "sending":
        await lease(world.pool, callback, worker="worker-2")
    return endpoint, callback


async def recorded(world: World, told: CallbackResult) -> list[str]:
    async with world.pool.acquire() as connection, connection.transaction():
        return [row.state for row in (await record_results(connection, [told])).rows]


async def test_regression_it_counts_at_once_when_the_next_attempt_failed_meanwhile(world: World) -> None:
    endpoint, callback = await again(world, state="pending")
    assert await recorded(world, result(endpoint, callback, number=1, state="delivered")) == ["delivered"]
    assert await world.states() == {"delivered": 1, "pending": 1}, "the order's next one has its turn"


@pytest.mark.parametrize(
    ("state", "other"), [("pending", {}), ("given_up", {}), ("pending", {"counted": False}), ("delivered", {})]
)
async def test_regression_it_counts_when_the_attempt_under_way_ends_however_that_ends(
    world: World, state: RestingState, other: dict[str, Any]
) -> None:
    """Given up, a void that was accepted would be rejected by the hub."""
    endpoint, callback = await again(world, state="sending")
    assert await recorded(world, result(endpoint, callback, number=1, state="delivered")) == []
    assert await world.states() == {"sending": 1, "queued": 1}
    assert await recorded(world, result(endpoint, callback, number=2, state=state, **other)) == ["delivered"]
    assert await world.states() == {"delivered": 1, "pending": 1}
    finished = "SELECT count(*) FROM callbacks WHERE state = 'delivered' AND finished_at IS NOT NULL"
    assert await world.value(finished) == 1


async def test_a_no_that_comes_late_changes_nothing(world: World) -> None:
    endpoint, callback = await again(world, state="pending")
    assert await recorded(world, result(endpoint, callback, number=1, state="pending")) == []
    assert await world.states() == {"pending": 1, "queued": 1}


async def test_of_a_callback_that_is_to_be_sent_once_more_it_says_nothing(world: World) -> None:
    endpoint, callback = await again(world, state="pending", replay=True)
    assert await recorded(world, result(endpoint, callback, number=1, state="delivered")) == []
    await lease(world.pool, callback, worker="worker-3")
    assert await recorded(world, result(endpoint, callback, number=3, state="pending")) == ["pending"]
