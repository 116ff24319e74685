"""The order checker, on histories that keep the order and on histories that violate it."""

from uuid import UUID

import pytest

from tests.proof.order_checker import Call, violations

ORDER, OTHER = UUID(int=1), UUID(int=2)


def call(at: float, sequence: int, *, accepted: float | None = None, endpoint: str = "a", order: UUID = ORDER) -> Call:
    return Call(at, accepted, endpoint, order, sequence, UUID(int=100 + sequence))


def yes(at: float, sequence: int, *, endpoint: str = "a", order: UUID = ORDER) -> Call:
    return call(at, sequence, accepted=at, endpoint=endpoint, order=order)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [yes(1, 1), yes(2, 2), yes(3, 5)],
        [call(1, 1), call(2, 1), yes(3, 1), yes(4, 2)],
        # a repeat of what was accepted already, before and after the next one
        [yes(1, 1), yes(2, 1), yes(3, 2), yes(4, 1), call(5, 1)],
        # other endpoints and other orders have sequences of their own
        [call(1, 1), yes(2, 2, order=OTHER), yes(3, 2, endpoint="b"), yes(4, 1), yes(5, 2)],
        # a slow yes, and what follows it when it was said
        [call(1, 1, accepted=4), yes(4, 2)],
    ],
)
def test_what_is_in_order_is_not_complained_about(history: list[Call]) -> None:
    assert violations(history) == []
    assert violations(reversed(history)) == []


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([yes(1, 2), yes(2, 1)], "of sequence 2 was sent before 1 was accepted"),
        ([call(1, 1), yes(2, 2), yes(3, 1)], "of sequence 2 was sent before 1 was accepted"),
        ([call(1, 1), call(2, 2), yes(3, 1), yes(4, 2)], "of sequence 2 was sent before 1 was accepted"),
        ([call(1, 1, accepted=4), yes(3, 2)], "of sequence 2 was sent before 1 was accepted"),
        ([yes(1, 1), yes(2, 3), yes(3, 2)], "of sequence 3 was sent before 2 was accepted"),
    ],
)
def test_what_is_sent_before_its_turn_is_found(history: list[Call], words: str) -> None:
    assert words in violations(history)[0]


def test_what_was_owed_and_never_sent_was_overtaken() -> None:
    assert violations([yes(1, 2)], owed={("a", ORDER): [2]}) == []
    assert "before 1 was accepted" in violations([yes(1, 2)], owed={("a", ORDER): [1, 2]})[0]
    assert "which is not owed" in violations([yes(1, 3)], owed={("a", ORDER): [1, 2]})[0]


def test_what_was_given_up_makes_way_and_is_not_sent_again() -> None:
    given_up = [("a", ORDER, 1)]
    history = [call(1, 1), call(2, 1), yes(3, 2)]
    assert violations(history, given_up=given_up) == []
    assert violations([yes(3, 2)], owed={("a", ORDER): [1, 2]}, given_up=given_up) == []
    assert "was sent after 2" in violations([*history, call(4, 1)], given_up=given_up)[0]


def test_a_long_history_takes_no_more_than_linear_time() -> None:
    history = [yes(number, number % 4 + 1, order=UUID(int=number // 4 + 1)) for number in range(40_000)]
    assert violations(history) == []
