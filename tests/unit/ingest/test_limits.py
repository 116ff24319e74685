"""The token bucket gives the rate on average and the burst at once; patience with a body ends in time."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import limits
from ingest.limits import TokenBucket


def test_a_burst_then_the_rate() -> None:
    bucket = TokenBucket(2.0, 3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [None, None, None, 1]
    assert [bucket.take(0.5), bucket.take(0.5)] == [None, 1]
    assert [bucket.take(100.0) for _ in range(4)] == [None, None, None, 1]


def test_a_slow_rate_tells_how_long_to_wait() -> None:
    bucket = TokenBucket(0.1, 1, now=0.0)
    assert [bucket.take(0.0), bucket.take(0.0), bucket.take(5.0)] == [None, 10, 5]


@given(rate=st.floats(0.1, 1000), burst=st.integers(1, 50), steps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_never_more_than_burst_plus_rate_times_time(rate: float, burst: int, steps: list[float]) -> None:
    bucket, now, taken = TokenBucket(rate, burst, now=0.0), 0.0, 0
    for step in steps:
        now += step
        taken += bucket.take(now) is None
    assert taken <= burst + rate * now + 1e-6


@given(rate=st.floats(0.01, 100), burst=st.integers(1, 5))
def test_who_waits_as_told_is_let_in(rate: float, burst: int) -> None:
    bucket, wait = TokenBucket(rate, burst, now=0.0), None
    while wait is None:
        wait = bucket.take(0.0)
    assert bucket.take(wait + 1e-6) is None


async def test_a_body_that_is_late_is_told_from_a_task_that_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_PATIENCE_SECONDS", 0.01)
    patience = limits.Patience()

    async def never() -> bytes:
        await asyncio.Event().wait()
        return b""

    with pytest.raises(TimeoutError):
        await patience.wait(never())
    monkeypatch.setattr(limits, "BODY_PATIENCE_SECONDS", 60)
    task = asyncio.create_task(patience.wait(never()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
