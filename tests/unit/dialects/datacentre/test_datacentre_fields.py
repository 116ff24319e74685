"""Whatever stands in a field, the answer is the contract's; and what is written is read back."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.contract import Malformed, NotAuthentic, Unreadable
from dialects.datacentre.inbound import DataCentreInbound
from dialects.datacentre.read import REASONS
from dialects.registry import inbound, outbound
from schemas.events import AnyEvent, OrderChanged, OrderRefunded, OrderVoid, Passenger
from tests.unit.dialects.datacentre.messages import (
    CONTEXT,
    PASSWORD,
    SAMPLE,
    STRINGS,
    body_of,
    encoded,
    read_body,
    read_document,
    ticketed,
    verification,
)
from tests.unit.dialects.requests import request

PARTY = DataCentreInbound()
ODD: tuple[Any, ...] = (
    None, 7, 1.5, True, "", " ", "7", [], [None], {}, [{}], "x" * 10_000, "😀", "\u202eمرحبا", "a\nb\x07", "\ud800",
    "a\0b", 10**30, "NaN", -1, "[", "[NaN]", "{}", "[1]", "[" * 5000, '["\\u0000"]',
)  # fmt: skip
"""What a field may hold when it should not."""


ENCODED = {"customer", "creator", "ticket_numbers", "segment", "price"}


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


def bodies() -> Iterator[bytes]:
    """Each field of the sample, and each that the other form has as a text of JSON, gone or odd."""
    in_strings = (path for path in places(STRINGS) if path[-1] in ENCODED)
    for document, paths in ((SAMPLE, places(SAMPLE)), (STRINGS, in_strings)):
        for path in paths:
            yield altered(document, path)
            yield from (altered(document, path, value) for value in ODD)


def test_whatever_a_field_holds_the_answer_is_an_event_or_a_refusal_and_both_readers_agree() -> None:
    taken = refused = 0
    for body in bodies():
        with pytest.raises(NotAuthentic):
            PARTY.verify(request(body), verification(PASSWORD))
        try:
            peeked = PARTY.peek(request(body))
        except Malformed:
            with pytest.raises(Unreadable) as parked:
                read_body(body)
            assert parked.value.reason in REASONS
            refused += 1
            continue
        content = read_body(body).content
        assert (peeked.type, peeked.order_no) == (content.type, content.order_no)
        taken += 1
    assert taken > 500
    assert refused > 50


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_rubbish_is_malformed_and_nothing_worse(rubbish: bytes) -> None:
    with pytest.raises(Malformed):
        PARTY.peek(request(rubbish))
    with pytest.raises(NotAuthentic):
        PARTY.verify(request(rubbish), verification(PASSWORD))


WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15).filter(str.strip)
NUMBER = st.from_regex(r"[0-9]{13}|[A-Z0-9]{5,8}", fullmatch=True)
DATE = st.dates().map(lambda date: f"{date.year:04}{date.month:02}{date.day:02}")
COUNTRY = st.sampled_from(["CN", "US", "FR", "JP", ""])
PEOPLE = st.lists(
    st.builds(
        Passenger,
        name=WORD,
        kind=st.just("adult"),
        birthday=DATE,
        gender=st.sampled_from(["F", "M", ""]),
        document_number=WORD,
        document_type=st.sampled_from(["PP", "ID", ""]),
        document_issued_by=COUNTRY,
        document_expires=DATE,
        nationality=COUNTRY,
        ticket_numbers=st.lists(NUMBER, max_size=3, unique=True).map(tuple),
        pnrs=st.just(("ET6305",)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda person: (person.name, person.document_number),
)
EVENTS = st.builds(lambda people: ticketed(*people, order_no="1001", customer="LMBJ"), PEOPLE) | st.builds(
    lambda kind, people: kind(order_no="1001", customer="LMBJ", document_no="D1", passengers=tuple(people)),
    st.sampled_from([OrderChanged, OrderRefunded]),
    PEOPLE,
)


@given(EVENTS, st.booleans(), st.booleans())
@settings(max_examples=30)
def test_what_is_written_is_read_back(event: AnyEvent, strings: bool, codes: bool) -> None:
    """Carried: numbers of order and document, company, passengers with documents, tickets and one locator.

    Not carried: `final`, ancillaries, which of mixed kinds a passenger is, several locators of one passenger beyond
    the elements' own; white space around nothing else; what `extra` holds. A ticket number of three digits, hyphen and
    ten comes back without the hyphen.
    """
    context = CONTEXT | {"documents": {"D1": {}}}
    settings = {"json_in_strings": strings, "category_codes": codes, "categories": ["changed", "refunded"]}
    content = read_document(body_of(event, context=context, **settings)).content
    assert not isinstance(content, OrderVoid)
    assert content.model_copy(update={"extra": {}}) == event


@pytest.mark.parametrize("codes", [False, True])
def test_a_void_that_is_done_is_read_back(codes: bool) -> None:
    """With status 2 alone, and without its message: 5 is told as a void too, and comes back as 2."""
    event = OrderVoid(order_no="1001", customer="LMBJ", void_code="V1", void_status=2)
    context = CONTEXT | {"documents": {"V1": {"passenger": [{"name": "张晶晶"}]}}}
    content = read_document(body_of(event, context=context, categories=["void"], category_codes=codes)).content
    assert content.model_copy(update={"extra": {}}) == event


def test_numbers_in_place_of_texts_are_the_same_event() -> None:
    whole = json.loads(json.dumps(SAMPLE))
    whole["pnr"][0]["price"][0] |= {"pay_amount": 600, "tax": 50}
    whole["ticket_order"] |= {"offer": 700, "client_order_id": 1001}
    assert read_document(whole) == read_document(SAMPLE)


def test_the_registry_knows_the_party_both_ways() -> None:
    assert inbound("datacentre").name == outbound("datacentre").name == "datacentre"
