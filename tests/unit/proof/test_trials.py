"""What counts as a kill, and as a proof."""

import signal

import pytest

from tests.proof.judgement import Judgement
from tests.proof.points import LOST_CALL, POINTS, named
from tests.proof.trials import Outcome, Trial, deaths, plan_of

KILLED = Trial("a.b.after", 1, 0.1, -signal.SIGKILL, marked=True)


def test_a_plan_has_every_point_once_and_is_the_same_for_the_same_seed() -> None:
    plan = plan_of(POINTS, seed=1)
    assert sorted(point.name for point, _ in plan) == sorted(point.name for point in POINTS)
    assert plan == plan_of(POINTS, seed=1)
    assert plan != plan_of(POINTS, seed=2)
    assert {nth for point, nth in plan if point.rare} == {1}


def test_a_rescue_is_passed_only_after_calls_were_lost() -> None:
    rescue, claim = named("publisher.rescue.after"), named("publisher.claim.before")
    assert list(deaths([(rescue, 2), (claim, 3)])) == [
        *((LOST_CALL, 1), (LOST_CALL, 1), ("publisher.rescue.after", 2)),
        ("publisher.claim.before", 3),
    ]
    assert all(not point.needs or named(point.needs) for point in POINTS)


@pytest.mark.parametrize(
    "trial",
    [
        Trial("a.b.after", 1, 40.0, None, marked=False),
        Trial("a.b.after", 1, 0.1, 2, marked=False),
        # killed, but by somebody else
        Trial("a.b.after", 1, 0.1, -signal.SIGKILL, marked=False),
    ],
)
def test_a_service_that_did_not_die_at_its_point_proves_nothing(trial: Trial) -> None:
    assert Outcome([KILLED], Judgement()).ok
    outcome = Outcome([KILLED, trial], Judgement())
    assert not outcome.ok
    assert "not killed at a.b.after, passing 1" in str(outcome)


def test_whatever_the_oracle_finds_is_no_proof() -> None:
    for name in Judgement().findings:
        judgement = Judgement()
        getattr(judgement, name).append("something")
        assert not Outcome([KILLED], judgement).ok, name
