"""Ingest finds the type and order number of any Atlas body, and refuses what has none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialects.atlas.peek import MAX_TYPE, peek
from dialects.contract import Malformed, Peeked, UnknownPath
from dialects.registry import INBOUND, inbound
from runtime.errors import ConfigurationError
from tests.unit.dialects.requests import request, sample


def body(order_no: Any = "A1", event_type: Any = "order.ticketed") -> bytes:
    return json.dumps({"type": event_type, "data": {"orderNo": order_no}}).encode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("01-atlas-order-ticketed-typical", Peeked("order.ticketed", "TESTL20230922153224323")),
        ("04-atlas-order-ticketed-full", Peeked("order.ticketed", "TESTL20230922153224323")),
        ("05-atlas-order-void-typical", Peeked("order.void", "TESTA20250512100600259")),
    ],
)
def test_the_documents_samples(name: str, expected: Peeked) -> None:
    assert peek(request(sample(f"atlas/{name}.json"))) == expected


def test_an_order_number_may_be_a_number_of_any_length() -> None:
    assert peek(request(body(12))).order_no == "12"
    assert peek(request(body(20230922153224323001999))).order_no == "20230922153224323001999"


def test_a_type_we_do_not_know_is_kept_up_to_a_length() -> None:
    assert peek(request(body(event_type="order.schedulechange"))).type == "order.schedulechange"
    assert peek(request(body(event_type="x" * 5000))).type == "x" * MAX_TYPE


def test_any_content_type_and_a_byte_order_mark_will_do() -> None:
    assert peek(request(b"\xef\xbb\xbf" + body(), headers={"content-type": "text/xml"})).order_no == "A1"


def test_a_half_surrogate_elsewhere_in_the_body_is_left_for_the_reader_to_park() -> None:
    half = b'{"type": "order.void", "data": {"orderNo": "1", "message": "\\ud800"}}'
    assert peek(request(half)) == Peeked("order.void", "1")


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (b"", "not JSON"), (b"{", "not JSON"), (b"[]", "not a JSON object"), (b'"x"', "not a JSON object"),
        (b"null", "not a JSON object"), (b"\xff\xfe{}", "not UTF-8"), (b"{} {}", "not JSON"), (b'{"a": NaN}', "number"),
        (b'{"a": 1e999}', "number"), (b"[" * 100_000, "nested too deep"), (b'{"a":' * 100_000, "nested too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number"), (b"{}", "type"), (body(event_type=None), "type"),
        (body(event_type=1), "type"), (body(event_type=" "), "type"), (b'{"type": "order.void"}', "orderNo"),
        (b'{"type": "order.void", "data": []}', "orderNo"), (body(None), "orderNo"), (body(""), "orderNo"),
        (body(" "), "orderNo"), (body({}), "orderNo"), (body(["A1"]), "orderNo"), (body(True), "orderNo"),
        (body("x" * 257), "257 characters"), (body("a\0b"), "control"), (body("a\nb"), "control"),
        (body("\ud800"), "half a character"), (body(event_type="a\0"), "control"),
    ],
)  # fmt: skip
def test_what_has_no_type_or_order_number_is_malformed(bad: bytes, text: str) -> None:
    with pytest.raises(Malformed, match=text):
        peek(request(bad))


def test_there_is_nothing_below_the_sources_path() -> None:
    assert peek(request(body(), path="/")).order_no == "A1"
    with pytest.raises(UnknownPath):
        peek(request(body(), path="/router/rest"))


@given(st.binary(max_size=300))
def test_rubbish_is_malformed_and_nothing_worse(rubbish: bytes) -> None:
    with pytest.raises(Malformed):
        peek(request(rubbish))


def test_the_registry_suggests_the_nearest_party() -> None:
    assert inbound("atlas") is INBOUND["atlas"]
    with pytest.raises(ConfigurationError, match="did you mean 'atlas'"):
        inbound("altas")
    with pytest.raises(ConfigurationError, match="there are: "):
        inbound("zzz")
