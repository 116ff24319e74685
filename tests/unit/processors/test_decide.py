"""The pure decisions: what an arrival does to an order, in any order and with any repetition."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.contract import Processor, Unapplicable
from processors.notices.apply import NoticeProcessor
from processors.ticketed.apply import TicketedProcessor
from processors.void.apply import VoidProcessor
from schemas.arrival import Arrival
from schemas.events import EventContent, OrderRefunded
from schemas.outcomes import Verdict
from schemas.topics import EventType
from tests.arrivals import arrival, ticketed, void

TICKETED, VOID = TicketedProcessor(), VoidProcessor()
REFUNDED = NoticeProcessor("refunded", EventType.REFUNDED)


def fold(processor: Processor[Any], arrivals: list[Arrival]) -> Any:
    state = processor.empty()
    for one in arrivals:
        state = processor.decide(state, one).state
    return state


def shown(state: Any) -> Any:
    """What of a state is visible: its summary, and its full history with times."""
    if hasattr(state, "versions"):
        return state.summary(), {key: value.arrived_at for key, value in state.versions.items()}
    return {code: (case.summary(), dict(case.statuses)) for code, case in state.items()}


TICKETED_CONTENTS = st.builds(
    lambda numbers, status: ticketed(*numbers, status=status),
    st.lists(st.sampled_from(["T1", "T2", "T3"]), min_size=1, max_size=2),
    st.sampled_from([2, 2, 2, 0, -3]),
)
VOID_CONTENTS = st.builds(
    lambda status, message, code: void(status, message, void_code=code),
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 42]),
    st.sampled_from(["", "m"]),
    st.sampled_from(["V-1", "V-2"]),
)


def arrivals_of(contents: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Arrival]]:
    """Arrivals at distinct seconds, events repeated among them."""

    def build(listed: list[EventContent], seconds: list[int]) -> list[Arrival]:
        return [arrival(content, at_second=second) for content, second in zip(listed, seconds, strict=False)]

    return st.builds(
        build,
        st.lists(contents, min_size=1, max_size=7),
        st.lists(st.integers(0, 100), min_size=7, max_size=7, unique=True),
    )


@given(arrivals=arrivals_of(TICKETED_CONTENTS), data=st.data())
def test_any_permutation_and_repetition_of_ticketed_events_ends_in_the_same_state(
    arrivals: list[Arrival], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(arrivals), max_size=4))
    shuffled = data.draw(st.permutations(arrivals + again))
    assert shown(fold(TICKETED, shuffled)) == shown(fold(TICKETED, arrivals))


@given(arrivals=arrivals_of(VOID_CONTENTS), data=st.data())
def test_any_permutation_and_repetition_of_void_statuses_ends_in_the_same_state(
    arrivals: list[Arrival], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(arrivals), max_size=4))
    shuffled = data.draw(st.permutations(arrivals + again))
    assert shown(fold(VOID, shuffled)) == shown(fold(VOID, arrivals))


def test_the_ticketed_event_that_arrived_later_at_ingest_is_the_present_one() -> None:
    newer, older = arrival(ticketed("NEW"), at_second=9), arrival(ticketed("OLD"), at_second=1)
    first = TICKETED.decide(TICKETED.empty(), newer)
    second = TICKETED.decide(first.state, older)
    assert (first.verdict, second.verdict) == (Verdict.APPLIED, Verdict.KEPT)
    assert second.change is None
    assert second.state.present is not None
    assert second.state.present.event_id == newer.event_id


def test_an_old_version_sent_again_is_flagged_and_changes_nothing() -> None:
    old, new = ticketed("OLD"), ticketed("NEW")
    state = fold(TICKETED, [arrival(old, at_second=1), arrival(new, at_second=2)])
    repeat = TICKETED.decide(state, arrival(old, at_second=3))
    assert (repeat.verdict, repeat.change) == (Verdict.CONTRADICTS_PRESENT, None)
    assert TICKETED.decide(state, arrival(new, at_second=4)).verdict is Verdict.REPEAT


def test_a_ticketed_event_of_another_status_is_kept_for_attention_and_told_to_nobody() -> None:
    decision = TICKETED.decide(TICKETED.empty(), arrival(ticketed("T1", status=1)))
    assert decision.state.present is None
    assert decision.state.attention == ("ticketed-event-with-status:1",)
    assert decision.change is not None
    assert not decision.change.told


@pytest.mark.parametrize(
    ("statuses", "held", "contradicted"),
    [
        ([0, 1, 3, 2, 5], 5, False),
        ([5, 0], 5, False),
        ([2, 3], 2, False),
        ([2, 4], 4, True),
        ([4, 2], 4, True),
        ([4, 6], 4, True),
        ([2, 5], 5, False),
        ([1, 99], 99, False),
        ([99, 2], 2, False),
    ],
)
def test_void_statuses_merge_by_rank(statuses: list[int], held: int, contradicted: bool) -> None:
    case = fold(VOID, [arrival(void(s), at_second=n) for n, s in enumerate(statuses)])["V-1"]
    assert (case.present.status, case.contradicted) == (held, contradicted)


def test_a_contradiction_is_told_and_a_lower_rank_is_history_only() -> None:
    rejected = fold(VOID, [arrival(void(4, "no"), at_second=1)])
    voided = VOID.decide(rejected, arrival(void(2, "yes"), at_second=2))
    assert voided.change is not None
    assert voided.change.after == {"void_code": "V-1", "status": 4, "message": "no", "contradicted": True}
    late = VOID.decide(voided.state, arrival(void(1), at_second=3))
    assert (late.verdict, late.change) == (Verdict.KEPT, None)


def test_an_event_on_the_wrong_topic_is_unapplicable() -> None:
    with pytest.raises(Unapplicable, match=r"order\.void"):
        TICKETED.decide(TICKETED.empty(), arrival(void(1)))
    with pytest.raises(Unapplicable, match=r"order\.ticketed"):
        VOID.decide(VOID.empty(), arrival(ticketed("T1")))


def test_a_repeat_with_an_earlier_time_tells_the_message_that_holds_instead() -> None:
    state = fold(VOID, [arrival(void(4, "second"), at_second=2), arrival(void(4, "first"), at_second=3)])
    decision = VOID.decide(state, arrival(void(4, "first"), at_second=1))
    assert decision.change is not None
    assert decision.change.after["message"] == "second"
    present = decision.state["V-1"].present
    assert present is not None
    assert decision.told_event == present.event_id


def test_the_first_success_of_a_final_contract_holds_for_ever() -> None:
    def final(number: str) -> Any:
        return ticketed(number).model_copy(update={"final": True})

    first, second = arrival(final("T1"), at_second=1), arrival(final("T2"), at_second=2)
    for turn in ([first, second], [second, first]):
        present = fold(TICKETED, turn).present
        assert present is not None
        assert present.event_id == first.event_id


def test_each_refund_is_a_fact_of_its_own_told_once() -> None:
    one, other = (OrderRefunded(order_no="A1", document_no=number) for number in ("R1", "R2"))
    state = REFUNDED.decide(REFUNDED.empty(), arrival(one)).state
    second = REFUNDED.decide(state, arrival(other))
    assert second.change is not None
    assert len(second.state.notices) == 2
    again = REFUNDED.decide(second.state, arrival(one))
    assert (again.verdict, again.change) == (Verdict.REPEAT, None)
    with pytest.raises(Unapplicable):
        REFUNDED.decide(state, arrival(void(1)))
