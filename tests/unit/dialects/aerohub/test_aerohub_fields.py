"""Whatever stands in a field, the answer is the contract's; and what is written is read back."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.aerohub.inbound import AeroHubInbound
from dialects.aerohub.read import REASONS
from dialects.contract import Malformed, NotAuthentic, Unreadable
from dialects.registry import inbound, outbound
from schemas.events import OrderTicketed, Passenger
from tests.unit.dialects.aerohub.messages import (
    CONTEXT,
    KEY,
    REJECTED,
    RETURN_TRIP,
    SAMPLE,
    body_of,
    encoded,
    stored,
    ticketed,
    verification,
)
from tests.unit.dialects.requests import request

PARTY = AeroHubInbound()
ODD: tuple[Any, ...] = (
    None, 7, 1.5, True, "", " ", "7", [], [None], {}, [{}], "x" * 10_000, "😀", "\u202eمرحبا", "a\nb\x07", "\ud800",
    "a\0b", 10**30, "NaN", -1,
)  # fmt: skip
"""What a field may hold when it should not."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, step)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, step))


def altered(document: dict[str, Any], path: tuple[Any, ...], value: Any = ...) -> bytes:
    whole = copy.deepcopy(document)
    place: Any = whole
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return encoded(whole)


@pytest.mark.parametrize("document", [SAMPLE, REJECTED])
def test_whatever_a_field_holds_the_answer_is_an_event_or_a_refusal_and_both_readers_agree(
    document: dict[str, Any],
) -> None:
    taken = 0
    for path in places(document):
        for body in (altered(document, path), *(altered(document, path, value) for value in ODD)):
            try:
                peeked = PARTY.peek(request(body))
            except Malformed:
                with pytest.raises(Unreadable) as parked:
                    PARTY.read(stored(body))
                assert parked.value.reason in REASONS
                continue
            content = PARTY.read(stored(body)).content
            assert (peeked.type, peeked.order_no) == (content.type, content.order_no)
            taken += 1
    assert taken > 20


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_rubbish_is_malformed_and_nothing_worse(rubbish: bytes) -> None:
    with pytest.raises(Malformed):
        PARTY.peek(request(rubbish))
    with pytest.raises(NotAuthentic):
        PARTY.verify(request(rubbish), verification(KEY))


WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15).filter(str.strip)
PEOPLE = st.lists(
    st.builds(
        lambda name, given, card, number, pnr: Passenger(
            name=f"{name}/{given}", document_number=card, ticket_numbers=(number,), pnrs=(pnr,)
        ),
        *[WORD] * 5,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda person: (person.name, person.document_number),
)


@given(PEOPLE, st.integers(1, 4))
@settings(max_examples=30)
def test_what_is_written_is_read_back(people: list[Passenger], flights: int) -> None:
    """Carried: order number (as the context names it), names, documents, one ticket number and locator each.

    Not carried: the hub's `customer`, kinds, birthdays, genders, nationalities, ancillaries; which of several numbers
    is which beyond the context's word; a missing ticket number, which comes back as the locator.
    """
    context = CONTEXT | {"segments": RETURN_TRIP[:flights]}
    document = body_of(ticketed(*people, order_no="A1"), context=context | {"purchaseOrderNo": "A1"})
    event = PARTY.read(stored(encoded(document))).content
    assert isinstance(event, OrderTicketed)
    bare = tuple(person.model_copy(update={"extra": {}}) for person in event.passengers)
    assert (event.order_no, bare) == ("A1", tuple(people))


def test_the_registry_knows_the_party_both_ways() -> None:
    assert inbound("aerohub").name == outbound("aerohub").name == "aerohub"
