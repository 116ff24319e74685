"""Retry policies are tenacity's own, evaluated over a count."""

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import RetryError, Retrying, retry_if_result

from publishers.schedule import BUILT_IN, Policies, Policy, build_policy
from runtime.settings import PolicySettings


def due_times(policy: Policy, *, call_seconds: float = 0.0) -> list[float]:
    """When each attempt starts, in seconds after the first, with every attempt failing after `call_seconds`."""
    times = [0.0]
    for attempts in itertools.count(1):
        wait = policy.next_wait(attempts=attempts, age_seconds=times[-1])
        if wait is None:
            return times
        times.append(max(times[-1] + wait, times[-1] + call_seconds))
        assert len(times) < 1000
    raise AssertionError


def test_void_is_11_attempts_every_30_s_over_300_s() -> None:
    assert due_times(build_policy(BUILT_IN["void"])) == [30.0 * number for number in range(11)]


def test_void_stays_at_every_30_s_when_the_endpoint_takes_15_s_to_fail() -> None:
    assert due_times(build_policy(BUILT_IN["void"]), call_seconds=15.0) == [30.0 * number for number in range(11)]


def test_standard_is_9_retries_with_a_jitter_of_a_tenth() -> None:
    waits = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    times = due_times(build_policy(BUILT_IN["standard"], draw=random.Random(1).uniform))
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(gaps) == len(waits)
    assert all(0.9 * wait <= gap <= 1.1 * wait for gap, wait in zip(gaps, waits, strict=True))
    assert gaps != waits


@pytest.mark.parametrize(("edge", "factor"), [(0, 0.75), (1, 1.25)])
def test_jitter_stays_within_its_share(edge: int, factor: float) -> None:
    settings = PolicySettings(kind="fixed", wait_seconds=10, retries=1, jitter_percent=25)
    policy = build_policy(settings, draw=lambda *ends: ends[edge])
    assert policy.next_wait(attempts=1, age_seconds=0) == 10 * factor


def test_no_retry_begins_after_the_maximal_age() -> None:
    settings = PolicySettings(kind="exponential", wait_seconds=600, maximum_wait_seconds=1200, maximum_age_hours=1)
    assert due_times(build_policy(settings)) == [0, 600, 1800, 3000]


def test_a_list_has_as_many_retries_as_waits_unless_it_says_otherwise() -> None:
    waits = (1.0, 2.0, 3.0)
    assert due_times(build_policy(PolicySettings(kind="list", waits_seconds=waits))) == [0, 1, 3, 6]
    assert due_times(build_policy(PolicySettings(kind="list", waits_seconds=waits, retries=1))) == [0, 1]
    assert due_times(build_policy(PolicySettings(kind="list", waits_seconds=waits, retries=5))) == [0, 1, 3, 6, 9, 12]


def test_no_retries_is_one_attempt() -> None:
    assert due_times(build_policy(PolicySettings(kind="fixed", wait_seconds=1, retries=0))) == [0]


@st.composite
def policy_settings(draw: st.DrawFn) -> PolicySettings:
    seconds = st.floats(0.01, 10_000)
    return PolicySettings(
        kind=draw(st.sampled_from(["fixed", "exponential", "list"])),
        wait_seconds=draw(seconds),
        waits_seconds=tuple(draw(st.lists(seconds, min_size=1, max_size=8))),
        maximum_wait_seconds=draw(seconds),
        retries=draw(st.integers(0, 20)),
        maximum_age_hours=draw(st.none() | st.floats(0.001, 10)),
    )


@given(policy_settings())
def test_the_schedule_is_the_one_that_tenacity_itself_would_keep(settings: PolicySettings) -> None:
    policy = build_policy(settings)
    assert due_times(policy) == pytest.approx(list(times_of_tenacity(policy)))


def times_of_tenacity(policy: Policy) -> Iterator[float]:
    """When `tenacity.Retrying` calls, on a clock that only its own sleeps move."""
    clock = [0.0]
    times: list[float] = []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def call() -> bool:
        times.append(clock[0])
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.time.monotonic", lambda: clock[0])
        retrying = Retrying(wait=policy.wait, stop=policy.stop, sleep=sleep, retry=retry_if_result(lambda ok: not ok))
        with pytest.raises(RetryError):
            retrying(call)
    return iter(times)


def test_a_configured_policy_replaces_the_built_in_one_of_its_name() -> None:
    policies = Policies({"void": PolicySettings(kind="fixed", wait_seconds=1, retries=10)})
    assert due_times(policies.named("void")) == list(range(11))
    assert policies.names == {"void", "standard"}


def test_an_unknown_name_means_standard() -> None:
    policies = Policies({})
    assert policies.named("gone") is policies.named("standard")
