"""What the oracle calls sent again after a yes that was on record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.proof.callbacks_check import again_after_yes

YES_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def attempt(number: int, outcome: str, stage: str, *, begun: float, recorded: float) -> Any:
    return {
        "number": number,
        "outcome": outcome,
        "stage": stage,
        "started_at": YES_AT + timedelta(seconds=begun),
        "recorded_at": YES_AT + timedelta(seconds=recorded),
    }


YES = attempt(2, "delivered", "after", begun=-1, recorded=0)


@pytest.mark.parametrize("outcome", ["delivered", "try_again", "may_have_been_sent"])
def test_an_attempt_that_began_later_is(outcome: str) -> None:
    assert again_after_yes([YES, attempt(3, outcome, "during", begun=3, recorded=4)])


def test_one_that_began_before_is_not_whenever_it_is_recorded() -> None:
    assert not again_after_yes([attempt(1, "delivered", "after", begun=-20, recorded=5), YES])


def test_a_cut_call_is_and_one_that_a_woken_publisher_never_began_is_not() -> None:
    assert again_after_yes([YES, attempt(3, "interrupted", "during", begun=3, recorded=4)])
    assert not again_after_yes([attempt(1, "interrupted", "before", begun=3, recorded=4), YES])
