"""Derived ids: pinned by value, because a changed derivation would make every known event look new."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import arrival_id, callback_id, event_id, order_id


def test_ids_are_what_they_always_were() -> None:
    assert order_id("atlas", "A1") == UUID("6f26ceaf-c7e9-8c22-805f-7f1349d8df69")
    assert event_id("atlas", "order.void", "A1", b"digest") == UUID("b4ef909d-e77c-82b1-8075-b24c2a7130c5")
    assert callback_id(UUID(int=1), UUID(int=2)) == UUID("3a5fc006-96d0-803a-bed3-6821eff09b2f")
    assert arrival_id("raw", 3, 9) == UUID("bff567c6-a7f8-8633-97b4-4521cd318944")


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_parts_do_not_run_together(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (order_id(*one) == order_id(*other)) == (one == other)


def test_ids_are_of_version_8() -> None:
    derived = order_id("atlas", "A1")
    assert (derived.int >> 76 & 0xF, derived.variant) == (8, "specified in RFC 4122")
