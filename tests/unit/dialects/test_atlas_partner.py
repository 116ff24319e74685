"""The simulated customer of the documents' webhooks: their own examples are taken, departures are named."""

import json
from typing import Any

import pytest

from dialects.atlas.partner import AtlasPartner
from dialects.contract import Heard
from tests.unit.dialects.requests import request, sample

PARTNER = AtlasPartner()
JSON = {"content-type": "application/json"}
FULL: dict[str, Any] = json.loads(sample("atlas/04-atlas-order-ticketed-full.json"))
VOID: dict[str, Any] = json.loads(sample("atlas/05-atlas-order-void-typical.json"))


def hear(message: object, held: dict[str, str] | None = None, **credentials: Any) -> Heard:
    return PARTNER.hear(request(json.dumps(message).encode(), headers=JSON), credentials=credentials, held=held or {})


@pytest.mark.parametrize("message", [FULL, VOID], ids=["04", "05"])
def test_the_documents_whole_examples_are_taken_without_remark(message: dict[str, Any]) -> None:
    heard = hear(message)
    assert (heard.verdict, heard.remarks, heard.reply.status) == ("accepted", (), 200)
    assert heard.order == message["data"]["orderNo"]
    assert hear(message, dict(heard.remember)).verdict == "accepted again: the same content"


def test_the_typical_example_lacks_what_its_own_table_requires() -> None:
    """atlas-order-ticketed.md, inconsistency 1."""
    heard = hear(json.loads(sample("atlas/01-atlas-order-ticketed-typical.json")))
    assert not heard.accepted
    for name in ("birthday", "gender", "cardNum", "cardType", "cardIssuePlace", "cardExpired", "nationality"):
        assert f"paxTicketInfos[0].{name} is missing" in heard.verdict


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("birthday", "2016-02-02", "form"),
        ("birthday", "20160230", "no day of the calendar"),
        ("gender", "X", "none of F, M"),
        ("cardType", "ID", "none of"),
        ("passengerType", "1", "no whole number"),
        ("passengerType", True, "no whole number"),
        ("ticketNos", [], "empty"),
        ("ticketNos", [1], "no text"),
        ("nationality", "China", "form"),
        ("seat", "1A", "not in the field table"),
    ],
)
def test_a_passenger_that_departs_from_the_table_is_refused(name: str, value: object, why: str) -> None:
    message = json.loads(json.dumps(FULL))
    message["data"]["paxTicketInfos"][1][name] = value
    heard = hear(message)
    assert not heard.accepted
    assert why in heard.verdict
    assert heard.remember == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"type": "order.other"}, "type is none of"),
        ({"status": 0}, "status is none of -1"),
        ({"data": VOID["data"] | {"voidStatus": 7}}, "voidStatus is none of"),
        ({"data": VOID["data"] | {"voidStatus": "2"}}, "voidStatus is no whole number"),
        ({"data": VOID["data"] | {"voidCode": ""}}, "voidCode is empty"),
    ],
)
def test_a_void_that_departs_from_the_table_is_refused(change: dict[str, Any], why: str) -> None:
    assert why in hear(VOID | change).verdict


def test_a_customer_is_addressed_by_its_own_cid_and_by_signature_when_agreed() -> None:
    assert hear(VOID, cid="TAC00001").accepted
    assert not hear(VOID, cid="TAC00002").accepted
    assert hear(VOID, **PARTNER.credentials("s")).reply.status == 401


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        ({"voidStatus": 4, "message": ""}, "message gives no reason"),
        ({"voidStatus": 5, "message": "退款预计 X 个工作日内到账"}, "message holds the document's placeholder"),
    ],
)
def test_what_a_strict_writer_avoids_is_remarked(change: dict[str, Any], remark: str) -> None:
    heard = hear(VOID | {"data": VOID["data"] | change})
    assert (heard.accepted, heard.remarks) == (True, (remark,))
