"""The judges of the hostile runs see what is wrong: each verdict, and that nothing right is condemned."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import console_cases, ingest_cases, mutate
from tests.hostile.isolation import Waits
from tests.hostile.parties import Party, parties
from tests.hostile.pure import drawn, problem
from tests.hostile.raw_requests import raw_requests
from tests.hostile.talk import Answer

PARTIES = parties()
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("party", PARTIES, ids=lambda party: party.name)
@settings(max_examples=150, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_a_partys_functions_take_anything(party: Party, chance: random.Random) -> None:
    asked = drawn(chance, party)
    assert problem(party, asked) is None, asked


@pytest.mark.parametrize("party", PARTIES, ids=lambda party: party.name)
def test_answers_that_are_not_the_contracts_are_seen(party: Party) -> None:
    case = ingest_cases.Case("document", "POST", b"", party.form)
    for wrong in (b"", b"{", b"null", b'{"detail": "x"}', b"<a/>", b"Internal Server Error"):
        assert case.problem(Answer(200, JSON, wrong)) is not None
        assert case.problem(Answer(400, {}, wrong)) is not None
    for status in (100, 302, 418, 500, 502, 503):
        assert case.problem(Answer(status, JSON, b"{}")) is not None


@pytest.mark.parametrize(
    ("answer", "bad"),
    [
        (Answer(200, JSON, b"[]"), False),
        (Answer(404, JSON, b'{"error": {"code": "not-found", "message": "m", "hint": "h"}}'), False),
        (Answer(404, JSON, b'{"detail": "Not Found"}'), True),
        (Answer(200, {"content-type": "text/html"}, b"[]"), True),
        (Answer(200, JSON, b"{"), True),
        (Answer(307, {}, b""), True),
        (Answer(500, JSON, b'{"error": {"code": "internal", "message": "m", "hint": "h"}}'), True),
        (Answer(503, JSON, b'{"error": {"code": "service-unavailable", "message": "m", "hint": "h"}}'), True),
    ],
)
def test_answers_of_the_console_are_judged(answer: Answer, bad: bool) -> None:
    assert (console_cases.Case("console query", "GET", b"").problem(answer) is not None) is bad


def test_a_seed_makes_the_same_cases_again() -> None:
    cases = ingest_cases.IngestCases(PARTIES)
    once, again = ([cases.draw(random.Random(f"x/{n}")).sent for n in range(50)] for _ in range(2))
    unproven = [one for one, two in zip(once, again, strict=True) if one == two]
    assert len(unproven) > 40  # a proof holds the time
    assert len(set(once)) > 40


def test_every_kind_of_harm_is_done() -> None:
    """Documents stay JSON for lenient readers; bytes come in other encodings, nested, squeezed, and about the limit."""
    chance = random.Random(1)
    sample = PARTIES[0].documents[0]
    spoilt = [mutate.text(chance, mutate.written(mutate.document(chance, sample))) for _ in range(500)]
    assert {mutate.LIMIT - 1, mutate.LIMIT, mutate.LIMIT + 1} <= {len(body) for body in spoilt}
    assert any(body.startswith(b"\x1f\x8b") for body in spoilt)
    assert any(b"[" * 5000 in body or b'{"a":' * 5000 in body for body in spoilt)
    assert any(b"NaN" in body for body in spoilt)
    assert any(b"\\ud800" in body for body in spoilt)
    assert len(raw_requests(b"/x")) > 50


@pytest.mark.parametrize(
    ("alone", "beside", "slowed"),
    [
        ([0.004, 0.005, 0.004], [0.005, 0.006, 0.005], False),
        ([0.006, 0.006, 0.006], [0.0085, 0.0085, 0.0085], True),
        ([0.050, 0.050, 0.050], [0.055, 0.055, 0.055], False),
        ([0.050, 0.050, 0.050], [0.065, 0.065, 0.050], True),
        ([0.050, 0.050, 0.050], [0.065, 0.050, 0.050], False),
    ],
)
def test_slower_is_more_than_a_fifth_and_more_than_noise(
    alone: list[float], beside: list[float], *, slowed: bool
) -> None:
    assert Waits(alone, beside).slowed is slowed
