"""Masking, cursors, and names: the small rules."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.masking import MASK, masked
from console.names import did_you_mean
from console.paging import Page, write_cursor
from runtime.errors import InvalidRequest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_what_is_not_personal_is_shown_as_it_is(value: Any) -> None:  # no name of four letters is personal
    assert masked({"ancillaries": value}) == {"ancillaries": value}


@given(json_values)
def test_nothing_that_a_party_sent_beyond_our_fields_is_shown(value: Any) -> None:
    def leaves(part: Any) -> list[Any]:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else None
        return [part] if inner is None else [leaf for entry in inner for leaf in leaves(entry)]

    assert all(leaf in {None, MASK} for leaf in leaves(masked({"passengers": [{"extra": value}]})))


def test_passports_and_birthdays_are_masked_at_any_depth() -> None:
    passenger = {"name": "A/B", "birthday": "19900101", "document_number": "E1", "document_expires": "", "gender": "F"}
    shown = masked({"before": None, "after": {"passengers": [passenger]}})
    assert shown["after"]["passengers"] == [
        {"name": "A/B", "birthday": MASK, "document_number": MASK, "document_expires": "", "gender": "F"}
    ]


def test_a_cursor_leads_back_to_its_place() -> None:
    moment, number = datetime(2026, 3, 1, tzinfo=UTC), uuid4()
    assert Page(cursor=write_cursor(moment, number)).place() == (moment, number)
    assert Page().place() == (None, None)


@given(st.text(max_size=100))
def test_what_is_no_cursor_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        Page(cursor=text).place()


def test_a_misspelt_name_gets_the_nearest_one_and_all_others() -> None:
    assert did_you_mean("standart", ["standard", "void"]) == "did you mean 'standard'? known: standard, void"
    assert did_you_mean("zzz", ["standard", "void"]) == "known: standard, void"
    assert did_you_mean("x", []) == "known: none"
