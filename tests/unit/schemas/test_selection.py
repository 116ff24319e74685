"""What may be selected together, and what an operator hears who selects nonsense."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.selection import SELECTABLE_TYPES, Selection

LATER, EARLIER = "2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z"


def test_nothing_given_is_every_type_that_a_processor_takes() -> None:
    assert set(Selection().read_types) == set(SELECTABLE_TYPES) - {"unrouted"}
    assert Selection(types=("unrouted",)).read_types == ("unrouted",)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"types": ["order.tickted"]}, "no type 'order.tickted'; did you mean 'order.ticketed'?"),
        ({"types": ["x"]}, "known: order.ticketed"),
        ({"from": LATER, "to": EARLIER}, "from 2026-03-02T00:00:00+00:00 is not before to 2026-03-01"),
        ({"from": LATER, "to": LATER}, "is not before"),
        ({"from_offset": 3}, "give one type and a partition with them"),
        ({"from_offset": 3, "partition": 0}, "give one type and a partition with them"),
        ({"to_offset": 3, "partition": 0, "types": ["order.void", "order.ticketed"]}, "give one type and a partition"),
        ({"from_offset": 3, "to_offset": 3, "partition": 0, "types": ["order.void"]}, "from_offset 3 is not before"),
        ({"order_no": ""}, "at least 1 character"),
        ({"partition": -1}, "greater than or equal to 0"),
        ({"sauces": ["atlas"]}, "Extra inputs are not permitted"),
        ({"from": "2026-03-01T00:00:00"}, "should have timezone info"),
    ],
)
def test_nonsense_is_refused_with_what_was_wrong(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Selection.model_validate(given)
    assert says in str(refusal.value)


def test_a_stored_selection_is_read_back_as_it_was() -> None:
    one = Selection.model_validate({"types": ["order.void"], "from": EARLIER, "partition": 2, "to_offset": 7})
    assert Selection.model_validate(one.stored()) == one
    assert one.stored().keys() == {"types", "from", "partition", "to_offset"}
