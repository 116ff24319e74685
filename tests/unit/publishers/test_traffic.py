"""An endpoint that calls do not reach is called one by one, until one does."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from dialects.registry import OUTBOUND
from publishers.endpoints import Target
from publishers.schedule import STANDARD, Policies
from publishers.traffic import Traffic
from publishers.unreached import MISSES, SECONDS_BETWEEN
from store.callbacks import EndpointWork
from store.endpoints import Endpoint

DOWN = UUID(int=1)
LIMIT = 16


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def target(number: UUID) -> Target:
    endpoint = Endpoint(
        endpoint_id=number,
        name="down",
        url="http://127.0.0.1:1/",
        dialect="standard",
        event_types=("order.void",),
        policy=STANDARD,
        secrets=b"",
        rate_limit=None,
        max_in_flight=LIMIT,
        timeout_seconds=5.0,
        on_give_up="keep",
        filter={},
    )
    return Target(endpoint, OUTBOUND["standard"], {}, {}, Policies({}).named(STANDARD))


def granted(traffic: Traffic, number: UUID = DOWN) -> int:
    """How many more calls it may have now."""
    if number in traffic.full():
        return 0
    work = EndpointWork(number, datetime(2026, 1, 1, tzinfo=UTC), 0.0, True, 1000, None)
    return traffic.share([(work, target(number))]).get(number, 0)


def call(traffic: Traffic, *, reached: bool) -> None:
    traffic.claimed(DOWN)
    traffic.started(DOWN, UUID(int=7))
    traffic.tried(DOWN, reached=reached)
    traffic.ended(DOWN, UUID(int=7))


def test_after_a_few_misses_on_end_calls_go_one_by_one_until_one_arrives() -> None:
    clock = Clock()
    traffic = Traffic(64, clock=clock)
    assert granted(traffic) == LIMIT
    for _ in range(MISSES - 1):
        call(traffic, reached=False)
    assert granted(traffic) == LIMIT
    call(traffic, reached=False)
    assert granted(traffic) == 0
    assert traffic.pause() == pytest.approx(SECONDS_BETWEEN)

    clock.now += 1.01 * SECONDS_BETWEEN
    assert traffic.pause() == math.inf
    assert granted(traffic) == 1
    traffic.claimed(DOWN)
    assert granted(traffic) == 0

    clock.now += 1.01 * SECONDS_BETWEEN
    assert granted(traffic) == 1  # beside the one that is still under way
    call(traffic, reached=True)
    assert granted(traffic) == LIMIT - 1


def test_a_call_that_arrives_between_others_that_do_not_keeps_the_speed() -> None:
    traffic = Traffic(64, clock=Clock())
    assert granted(traffic) == LIMIT
    for _ in range(10):
        for _ in range(MISSES - 1):
            call(traffic, reached=False)
        call(traffic, reached=True)
    assert granted(traffic) == LIMIT


def test_who_is_not_reached_slows_nobody_else() -> None:
    traffic = Traffic(64, clock=Clock())
    other = UUID(int=2)
    assert granted(traffic) == LIMIT
    for _ in range(MISSES):
        call(traffic, reached=False)
    assert granted(traffic, other) == LIMIT
