"""Field by field, whatever a caller sends: ingest answers, the reader reads or parks, and nothing else is raised."""

import json
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.contract import Declined, InboundRequest, Malformed, NotAuthentic, Unreadable
from dialects.fliggy.peek import peek
from dialects.fliggy.read import REASONS, read
from dialects.fliggy.reply import reply
from dialects.fliggy.verify import verify
from schemas.events import EVENT_CONTENT
from tests.unit.dialects.fliggy.calls import COMMON, ORDER, PROVEN, changed, request, stored

TICKET: dict[str, Any] = ORDER["passenger_list"][0]["ticket_list"][0]
PATHS = [
    *ORDER,
    *(f"passenger_list.0.{name}" for name in ORDER["passenger_list"][0]),
    *(f"passenger_list.0.ticket_list.0.{name}" for name in TICKET),
    "ticket_list", "unknown", "passenger_list.0.passenger_list", "passenger_list.0.order_attr",
]  # fmt: skip
VALUES: list[Any] = [
    ..., None, "", 0, -1, 7, 1.5, 1e300, 10**40, "12", "9" * 5000, True, False, [], {}, [[]], [{}], [None],
    {"a": None},
    "x" * 10_000, "🎫👩‍👩‍👧", "\u202eשלום\u202c مرحبا", "\x01\x1b\x7f\x9f", "\0", "\ud800",
    "a\nb", "{}", '{"a":"\\ud800"}',
]  # fmt: skip


def survives(asked: InboundRequest) -> None:
    """Peek and read agree, and what is read can be kept; the refusal has an answer in the contract's form."""
    try:
        peeked = peek(asked)
    except Malformed as refusal:
        answer = reply(Declined(400, str(refusal)), asked)
        assert answer.status == 200
        assert b"error_response" in answer.body
        assert len(answer.body) < 1000
        with pytest.raises(Unreadable) as parked:
            read(stored(asked))
        assert parked.value.reason in REASONS
        return
    content = read(stored(asked)).content
    assert (content.type, content.order_no) == (peeked.type, peeked.order_no)
    kept = EVENT_CONTENT.dump_json(cast("Any", content))
    assert EVENT_CONTENT.validate_json(kept) == content
    assert b"\\u0000" not in kept.replace(b'"\\\\u0000', b"")


@pytest.mark.parametrize("path", PATHS)
def test_any_value_in_any_field(path: str) -> None:
    for value in VALUES:
        if value is ... and path in {"ticket_list", "unknown", *PATHS[-2:]}:
            continue
        order = json.dumps(changed(ORDER, path, value))
        survives(request({**COMMON, "confirm_book_r_q": order}))
        survives(request((json.dumps(COMMON)[:-1] + f', "confirm_book_r_q": {order}}}').encode()))


@pytest.mark.parametrize("name", [*COMMON, "confirm_book_r_q", "sign", "simplify", "unknown"])
def test_any_value_in_any_parameter(name: str) -> None:
    for value in VALUES:
        if isinstance(value, str) and value.isprintable():
            asked = request({**COMMON, "confirm_book_r_q": json.dumps(ORDER), name: value})
            survives(asked)
            refused(asked)
        body = {**COMMON, "confirm_book_r_q": ORDER, name: None if value is ... else value}
        asked = request(json.dumps(body).encode(), headers={})
        survives(asked)
        refused(asked)


def refused(asked: InboundRequest) -> None:
    with pytest.raises(NotAuthentic) as refusal:
        verify(asked, PROVEN)
    answer = reply(Declined(401, str(refusal.value)), asked)
    assert answer.status == 200
    assert b"error_response" in answer.body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(PATHS[:-2]), JSON, max_size=3))
def test_any_values_in_any_fields(values: dict[str, Any]) -> None:
    order = ORDER
    for path in sorted(values, key=len, reverse=True):
        order = changed(order, path, values[path])
    survives(request({**COMMON, "confirm_book_r_q": json.dumps(order)}))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()), st.text(max_size=50))
def test_any_bytes_and_any_query(rubbish: bytes, query: str) -> None:
    for asked in (
        request(rubbish, query=query),
        request(rubbish, query=urlencode({**COMMON, "confirm_book_r_q": "{}"})),
    ):
        survives(asked)
        refused(asked)
