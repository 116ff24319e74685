"""Retry policies: pure functions of the persisted attempt count. Nothing sleeps and no clock is read here.

A policy is a pair of tenacity `wait` and `stop` objects, evaluated as tenacity itself would after an attempt
(a property test holds them to `tenacity.Retrying`). Policies count retries: `retries = 10` is 11 attempts. A wait runs
from the *start* of the attempt that failed, so that an endpoint that takes 15 s to fail is still tried every 30 s, as
the supplier's documented policy says (DESIGN §2 rule 6).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenacity import Future, RetryCallState, Retrying
from tenacity.stop import stop_after_attempt, stop_any, stop_base, stop_before_delay, stop_never
from tenacity.wait import wait_base, wait_chain, wait_exponential, wait_fixed

from runtime.logs import get_logger
from runtime.settings import PolicySettings

log = get_logger()

MINUTE, HOUR = 60.0, 3600.0
STANDARD = "standard"

BUILT_IN: Mapping[str, PolicySettings] = {
    # The supplier's own words: "every 30 s, at most 10 retries" (atlas-order-void.md, inconsistency 7).
    "void": PolicySettings(kind="fixed", wait_seconds=30, retries=10),
    # Standard Webhooks, "Retry schedule", continued to three days.
    STANDARD: PolicySettings(
        kind="list",
        waits_seconds=(5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR),
        jitter_percent=10,
    ),
}


class wait_varied(wait_base):  # noqa: N801 - named as tenacity names its own
    """Another wait, varied at random by up to a share of it, so that what failed together does not return together."""

    def __init__(self, wait: wait_base, *, percent: float, draw: Callable[[float, float], float]) -> None:
        self._wait = wait
        self._share = percent / 100
        self._draw = draw

    def __call__(self, retry_state: RetryCallState) -> float:
        return float(self._wait(retry_state)) * (1 + self._draw(-self._share, self._share))


@dataclass(frozen=True, slots=True)
class Policy:
    """When to try again, and when to give up."""

    wait: wait_base
    stop: stop_base

    def next_wait(self, *, attempts: int, age_seconds: float) -> float | None:
        """Seconds from the start of the attempt that failed to the next one; None: it was the last.

        `attempts` counts it (from 1); `age_seconds` runs from the start of the first attempt to the start of this one.
        """
        state = RetryCallState(_UNUSED, None, (), {})
        state.attempt_number = attempts
        state.start_time, state.outcome_timestamp = 0.0, age_seconds
        state.outcome = Future.construct(attempts, None, False)
        state.upcoming_sleep = float(self.wait(state))
        return None if self.stop(state) else state.upcoming_sleep


_UNUSED = Retrying()
"""Strategies never touch it; tenacity's types ask for one."""


def build_policy(settings: PolicySettings, *, draw: Callable[[float, float], float] = random.uniform) -> Policy:
    """The policy that these settings describe; `draw(low, high)` is where jitter comes from."""
    wait = _wait(settings)
    if settings.jitter_percent:
        wait = wait_varied(wait, percent=settings.jitter_percent, draw=draw)
    retries = settings.retries
    if retries is None and settings.kind == "list":
        retries = len(settings.waits_seconds)
    stops: list[stop_base] = [stop_never if retries is None else stop_after_attempt(retries + 1)]
    if settings.maximum_age_hours is not None:
        stops.append(stop_before_delay(settings.maximum_age_hours * HOUR))
    return Policy(wait, stop_any(*stops))


def _wait(settings: PolicySettings) -> wait_base:
    match settings.kind:
        case "fixed":
            return wait_fixed(settings.wait_seconds)
        case "exponential":
            return wait_exponential(multiplier=settings.wait_seconds, max=settings.maximum_wait_seconds)
        case "list":
            return wait_chain(*(wait_fixed(seconds) for seconds in settings.waits_seconds))


class Policies:
    """The built-in policies and the configured ones; a configured one replaces the built-in one of its name."""

    def __init__(self, configured: Mapping[str, PolicySettings]) -> None:
        self._policies = {name: build_policy(settings) for name, settings in {**BUILT_IN, **configured}.items()}
        self._missed: set[str] = set()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._policies)

    def named(self, name: str) -> Policy:
        """The policy of this name; `standard`, with a warning, when the configuration has lost it."""
        policy = self._policies.get(name)
        if policy is None:
            if name not in self._missed:
                self._missed.add(name)
                log.warning("policy.unknown", policy=name, used=STANDARD)
            return self._policies[STANDARD]
        return policy
