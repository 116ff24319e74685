"""The platform's own side: strict where the document is, by content where calls repeat."""

import copy
import json
from typing import Any

import pytest

from dialects.aerohub.partner import AeroHubPartner
from dialects.contract import Heard, InboundRequest
from dialects.registry import inbound
from tests.unit.dialects.aerohub.messages import KEY, REJECTED, SAMPLE, body_of, stored
from tests.unit.dialects.requests import request, sample

PARTNER = AeroHubPartner()
GOOD = SAMPLE | {"requestId": "0" * 32}
"""Example 10, but for its requestId of 13 characters (inconsistency 2)."""


def asked(message: object) -> InboundRequest:
    return request(message if isinstance(message, bytes) else json.dumps(message).encode())


def hear(message: object, *held: Heard) -> Heard:
    remembered = {name: text for heard in held for name, text in heard.remember.items()}
    return PARTNER.hear(asked(message), credentials={"apiKey": KEY}, held=remembered)


def answered(heard: Heard) -> tuple[int, int]:
    return heard.reply.status, json.loads(heard.reply.body)["code"]


def with_item(**fields: Any) -> dict[str, Any]:
    message = copy.deepcopy(GOOD)
    message["ticketNoItems"][0] |= fields
    return message


def test_the_documents_example_is_taken_but_for_the_length_of_its_request_id() -> None:
    heard = hear(GOOD)
    assert (heard.verdict, heard.remarks, heard.order) == ("accepted", (), "F1745553257834618888")
    assert heard.reply.body == b'{"code": 200, "msg": "Successful"}'
    assert hear(SAMPLE).verdict == "refused: requestId has 13 characters, not 32"
    assert (hear(REJECTED).accepted, hear(REJECTED).remarks) == (True, ())


def test_what_our_writer_makes_of_another_partys_sample_is_taken_without_remark() -> None:
    content = inbound("atlas").read(stored(sample("atlas/04-atlas-order-ticketed-full.json"))).content
    written = body_of(content, context=json.loads(sample("aerohub/context-for-atlas-04.json")))
    heard = hear(written)
    assert (heard.verdict, heard.remarks) == ("accepted", ())


@pytest.mark.parametrize("name", sorted(set(SAMPLE) - {"sourceType", "reason", "apiKey"}))
def test_each_required_field_is_missed(name: str) -> None:
    heard = hear({key: value for key, value in GOOD.items() if key != name})
    assert answered(heard) == (200, 400)
    assert name in heard.verdict


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"cardNo": "1" * 16}, "cardNo has 16 characters, more than 15"),
        ({"ticketingTime": "1705026483"}, "ticketingTime is no whole number"),
        ({"ticketingTime": 1705026483000}, "ticketingTime is not of the form"),
        ({"segmentNo": 3}, "segmentNo is none of 1, 2"),
        ({"segmentNo": True}, "segmentNo is no whole number"),
        ({"sequence": 0}, "sequence is not of the form"),
        ({"sequence": 2}, "sequence of segmentNo 1 does not count from 1"),
        ({"depAirport": "vvi"}, "depAirport is not of the form"),
        ({"passengerName": "ZHANG SAN"}, "passengerName is not of the form"),
        ({"ticketNo": ""}, "ticketNo is empty"),
        ({"pnrCode": None}, "pnrCode is no text"),
        ({"accountName": None}, "accountName is no text"),
        ({"seat": "1A"}, "ticketNoItems[0].seat is not in the field table"),
    ],
)
def test_an_item_that_departs_from_the_table_is_refused(fields: dict[str, Any], why: str) -> None:
    heard = hear(with_item(**fields))
    assert answered(heard) == (200, 400)
    assert why in heard.verdict
    assert heard.remember == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"orderStatus": "VOID"}, "orderStatus is none of"),
        ({"ticketNoItems": []}, "ticketNoItems is required for TICKETED"),
        ({"ticketNoItems": GOOD["ticketNoItems"] * 2}, "one passenger on one flight twice"),
        ({"orderStatus": "REJECTED", "reason": ""}, "reason is required for REJECTED"),
        ({"sourceType": "1"}, "sourceType is no whole number"),
    ],
)
def test_an_order_that_departs_from_the_table_is_refused(change: dict[str, Any], why: str) -> None:
    assert why in hear(GOOD | change).verdict


def test_who_calls_is_known_by_the_key_alone() -> None:
    heard = hear(GOOD | {"apiKey": "another"})
    assert json.loads(heard.reply.body) == {"code": 1000, "msg": "Invalid API Key"}


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"{'a': 1}", b"[" * 99999])
def test_what_is_no_json_object_was_not_understood(body: bytes) -> None:
    assert answered(hear(body)) == (400, 400)


def test_only_posts_are_heard() -> None:
    got = asked(GOOD)._replace(method="GET")
    assert answered(PARTNER.hear(got, credentials={"apiKey": KEY}, held={})) == (405, 400)


def test_duplicates_are_told_by_content_and_not_by_request_id() -> None:
    first = hear(GOOD)
    again = hear(GOOD | {"requestId": "1" * 32}, first)
    assert (again.accepted, again.verdict, again.remarks) == (True, "accepted again: the same content", ())
    same_id = hear(GOOD, first)
    assert (same_id.accepted, same_id.remarks) == (True, ("requestId is not new for this call",))
    other_order = hear(GOOD | {"purchaseOrderNo": "F2"}, first)
    assert (other_order.accepted, "requestId" in other_order.verdict) == (False, True)


@pytest.mark.parametrize(
    "second", [REJECTED | {"requestId": "2" * 32}, with_item(ticketNo="X") | {"requestId": "2" * 32}]
)
def test_a_conflicting_second_status_is_400_and_the_first_is_kept(second: dict[str, Any]) -> None:
    first = hear(GOOD)
    conflict = hear(second, first)
    assert answered(conflict) == (200, 400)
    assert conflict.remember == {}
    assert hear(GOOD | {"requestId": "3" * 32}, first, conflict).accepted


@pytest.mark.parametrize(
    ("message", "remark"),
    [
        (GOOD | {"reason": "Fare change"}, 'reason of TICKETED is not ""'),
        (GOOD | {"sourceType": 2}, "sourceType is not 1"),
        (REJECTED | {"reason": " Flight sold out"}, "reason is not one of the nine listed texts"),
        (REJECTED | {"ticketNoItems": []}, "ticketNoItems is sent with REJECTED"),
        (
            GOOD
            | {"ticketNoItems": [*GOOD["ticketNoItems"], GOOD["ticketNoItems"][0] | {"cardNo": "2", "segmentNo": 2}]},
            "2 items for 2 passengers on 2 flights",
        ),
    ],
)
def test_what_a_strict_writer_avoids_is_remarked(message: dict[str, Any], remark: str) -> None:
    heard = hear(message)
    assert (heard.accepted, heard.remarks) == (True, (remark,))


def test_it_refuses_as_example_12_does() -> None:
    assert json.loads(PARTNER.refuse(asked(GOOD)).body) == json.loads(sample("aerohub/12-aerohub-response-error.json"))
