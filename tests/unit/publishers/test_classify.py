"""What an answer means."""

from datetime import UTC, datetime

import pytest

from dialects.contract import Answer, Refused, RefusedForGood, Understood, Verdict
from publishers.answer import Answered
from publishers.classify import classify
from publishers.outcomes import Delivered, GivenUp, TryAgain
from publishers.retry_after import retry_after_seconds
from publishers.transport_faults import Fault

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def classified(result: Answered | Fault, verdict: Verdict | None = None) -> Delivered | TryAgain | GivenUp:
    def judge(_: Answer) -> Verdict:
        if verdict is None:
            raise ZeroDivisionError
        return verdict

    return classify(result, judge=judge, now=NOW, retry_after_maximum_seconds=3600)


def answered(status: int, **headers: str) -> Answered:
    return Answered(Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b""))


def test_a_fault_is_tried_again_and_keeps_its_name_and_stage() -> None:
    assert classified(Fault("before", "dns", "no such name")) == TryAgain("before", "dns", "no such name")


@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 422, 429, 500, 502, 503, 504, 599, 199])
def test_any_other_status_is_tried_again_under_its_number(status: int) -> None:
    assert classified(answered(status)) == TryAgain("after", f"http-{status}", status=status)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_failure(status: int) -> None:
    outcome = classified(answered(status, location="http://127.0.0.1/"), Understood())
    assert outcome == TryAgain("after", "redirect", status=status)


def test_410_ends_the_endpoint() -> None:
    outcome = classified(answered(410))
    assert isinstance(outcome, TryAgain)
    assert outcome.gone


def test_the_dialect_judges_a_2xx() -> None:
    assert classified(answered(200), Understood()) == Delivered(200)
    assert classified(answered(200), Refused("code 500")) == TryAgain("after", "refused-by-partner", "code 500", 200)
    assert classified(answered(200), RefusedForGood("frozen")) == GivenUp("after", "refused-for-good", "frozen", 200)
    assert classified(answered(200)) == TryAgain("after", "judge-failed", "ZeroDivisionError", 200)


def test_a_cut_body_is_noted_with_the_yes() -> None:
    assert classified(Answered(Answer(200, {}, b"x"), cut="too-large"), Understood()) == Delivered(
        200, "the answer's body was cut: too-large"
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        (" 30 ", 30),
        ("1.5", 1.5),
        ("0", 0),
        ("99999999999", 3600),
        ("Sun, 22 Nov 2026 12:00:45 GMT", 45),
        ("Sunday, 22-Nov-26 12:00:45 GMT", 45),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Dec 2026 12:00:00 GMT", 3600),
        ("", 0),
        ("-5", 0),
        ("soon", 0),
        ("1e3", 0),
        ("nan", 0),
        ("Infinity", 0),
        ("١٢", 12),
        ("Sun, 99 Nov 2026 12:00:45 GMT", 0),
        ("9" * 5000, 0),
    ],
)
def test_retry_after_is_read_or_counts_as_nothing(value: str, seconds: float) -> None:
    assert retry_after_seconds(value, now=NOW, maximum_seconds=3600) == seconds


def test_retry_after_goes_with_any_failure() -> None:
    outcome = classified(answered(500, retry_after="7"))
    assert isinstance(outcome, TryAgain)
    assert outcome.retry_after_seconds == 7
