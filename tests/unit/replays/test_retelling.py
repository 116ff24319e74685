"""Of each part of an order the word that holds now is told, if what was told of it no longer holds."""

from datetime import timedelta
from uuid import UUID

from replays.retelling import Retelling, retellings
from schemas.events import AnyEvent, OrderRefunded, Passenger
from schemas.order_state import CountedEvent, OrderState, fold
from tests.arrivals import EPOCH, ticketed, void


def said(number: int, content: AnyEvent, *, at_second: float = 0) -> CountedEvent:
    return CountedEvent(UUID(int=number), EPOCH + timedelta(seconds=at_second), content)


def state(*events: CountedEvent) -> OrderState:
    return fold(events)


def told(changes: list[Retelling]) -> list[tuple[int, bool, bool]]:
    """Each change's event, whether it is told, and whether the event was known."""
    return [(change.event_id.int, change.change.told, change.retells) for change in changes]


def test_what_is_the_same_changes_nothing() -> None:
    order = state(said(1, ticketed("T1")), said(2, void(2)), said(3, OrderRefunded(order_no="A1", document_no="R")))
    assert retellings(order, order) == []
    assert retellings(state(), state()) == []


def test_an_event_that_was_parked_is_told_for_the_first_time() -> None:
    assert told(retellings(state(), state(said(1, ticketed("T1"))))) == [(1, True, False)]


def test_an_event_that_says_something_else_now_is_told_again() -> None:
    before, after = state(said(1, ticketed("BENT"))), state(said(1, ticketed("T1")))
    assert told(retellings(before, after)) == [(1, True, True)]


def test_a_change_that_the_summary_does_not_show_is_told_too() -> None:
    """Documents are not in the journal, and are in the callbacks."""
    bare = ticketed("T1")
    fuller = bare.model_copy(update={"passengers": (Passenger(**{**dict(bare.passengers[0]), "birthday": "1990"}),)})
    changes = retellings(state(said(1, bare)), state(said(1, fuller)))
    assert told(changes) == [(1, True, True)]
    assert changes[0].change.before == changes[0].change.after


def test_the_same_word_under_another_identity_is_kept_and_not_told() -> None:
    assert told(retellings(state(said(1, ticketed("T1"))), state(said(2, ticketed("T1"))))) == [(2, False, False)]
    assert retellings(state(said(1, void(2))), state(said(2, void(2)))) == []


def test_tickets_that_are_gone_are_not_told() -> None:
    assert told(retellings(state(said(1, ticketed("T1"))), state())) == [(1, False, False)]
    assert told(retellings(state(said(1, void(2))), state())) == [(1, False, False)]


def test_an_older_version_that_lands_changes_nothing() -> None:
    present = said(2, ticketed("T2"), at_second=9)
    assert retellings(state(present), state(present, said(1, ticketed("T1")))) == []


def test_each_void_case_is_told_once_with_what_holds() -> None:
    before = state(said(1, void(0, void_code="V-1")))
    landed = (said(2, void(1, void_code="V-1"), at_second=1), said(3, void(2, void_code="V-1"), at_second=2))
    after = state(said(1, void(0, void_code="V-1")), *landed, said(4, void(0, void_code="V-2")))
    assert told(retellings(before, after)) == [(3, True, False), (4, True, False)]


def test_what_newly_contradicts_a_void_is_told_though_another_status_holds() -> None:
    rejected = said(1, void(4))
    changes = retellings(state(rejected), state(rejected, said(2, void(2), at_second=1)))
    assert told(changes) == [(2, True, False)]
    assert changes[0].change.after["contradicted"] is True


def test_notices_are_told_each_once_and_not_for_a_new_identity_alone() -> None:
    first, second = OrderRefunded(order_no="A1", document_no="R1"), OrderRefunded(order_no="A1", document_no="R2")
    assert told(retellings(state(said(1, first)), state(said(1, first), said(2, second)))) == [(2, True, False)]
    assert told(retellings(state(said(1, first)), state(said(2, first)))) == [(2, False, False)]
    assert told(retellings(state(said(1, first)), state(said(1, second)))) == [(1, True, True)]
    assert told(retellings(state(said(1, first)), state())) == [(1, False, False)]
