"""The data centre's own side: token by the digest's vector, every field of the tables, versions by category."""

import json
from typing import Any
from uuid import UUID

import pytest

from dialects.contract import Heard, InboundRequest
from dialects.datacentre.partner import DataCentrePartner, token
from dialects.registry import inbound
from schemas.raw_event import RawEvent
from tests.unit.dialects.datacentre.messages import PASSWORD, SAMPLE, STRINGS, body_of, with_order, with_passenger
from tests.unit.dialects.requests import ARRIVED, request, sample

PARTNER = DataCentrePartner()
JSON = {"content-type": "application/json"}


def asked(message: object) -> InboundRequest:
    return request(message if isinstance(message, bytes) else json.dumps(message).encode(), headers=JSON)


def proven(message: dict[str, Any]) -> dict[str, Any]:
    order = message["ticket_order"]
    return message | {"ticket_order": order | {"token": token(order, PASSWORD)}}


def hear(message: object, *held: Heard) -> Heard:
    remembered = {name: text for heard in held for name, text in heard.remember.items()}
    credentials = {"company_id": "LMBJ", "password": PASSWORD}
    return PARTNER.hear(asked(message), credentials=credentials, held=remembered)


def refusal(heard: Heard) -> str:
    assert (heard.accepted, heard.remember) == (False, {})
    answer = json.loads(heard.reply.body)
    assert answer["errcode"] == 1
    text: str = answer["errmsg"]
    return text


def without(path: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(json.dumps(SAMPLE))
    *parents, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place: Any = message
    for step in parents:
        place = place[step]
    del place[last]
    return message


def _paths() -> list[str]:
    pnr = SAMPLE["pnr"][0]
    return [
        "pnr",
        *(
            f"ticket_order.{name}"
            for name in SAMPLE["ticket_order"]
            if name not in {"company_id", "token", "client_order_id"}
        ),
        *(f"pnr.0.{name}" for name in pnr),
        *(f"pnr.0.{part}.0.{name}" for part in ("passenger", "segment", "price") for name in pnr[part][0]),
    ]


def test_the_token_is_that_of_the_digests_vector() -> None:
    order = {"company_id": "LMBJ", "client_order_id": "1001", "create_time": "2017-06-30 11:43:00"}
    assert token(order, "secret") == "1bebfd1ca174acb2ee0bf54069cbffc4"


@pytest.mark.parametrize("message", [SAMPLE, STRINGS], ids=["native", "in strings"])
def test_the_documents_example_is_taken_in_both_readings_once_its_token_can_be_right(message: dict[str, Any]) -> None:
    assert "token" in refusal(hear(message))
    heard = hear(proven(message))
    assert (heard.verdict, heard.order, heard.reply.body) == ("accepted", "1001", b'{"errcode": 0, "errmsg": "ok"}')
    assert heard.remarks == (
        "client_parent_order_id does not fit the category",
        "supplier_order is 0 where there is none",
    )


@pytest.mark.parametrize("in_strings", [False, True])
def test_what_our_writer_makes_of_another_partys_sample_is_taken_without_remark(in_strings: bool) -> None:
    body = sample("atlas/04-atlas-order-ticketed-full.json")
    raw = RawEvent(UUID(int=1), "upstream", "order.ticketed", ARRIVED, "atlas", "1", body)
    context = json.loads(sample("datacentre/context-for-atlas-04.json"))
    heard = hear(body_of(inbound("atlas").read(raw).content, context=context, json_in_strings=in_strings))
    assert (heard.verdict, heard.remarks) == ("accepted", ())


@pytest.mark.parametrize("path", [path for path in _paths() if path != "pnr.0.price.0.category"])
def test_every_field_of_the_tables_is_asked_for(path: str) -> None:
    assert f"{path.rsplit('.', 1)[-1]} is missing" in refusal(hear(proven(without(path))))


def test_the_field_that_stands_in_the_sample_only_is_not_asked_for() -> None:
    assert hear(proven(without("pnr.0.price.0.category"))).accepted


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"category": "出票"}, "category is none of"),
        ({"category": 1}, "category is no text"),
        ({"status": "2"}, "status is none of 1"),
        ({"type": "8"}, "type is none of"),
        ({"create_time": "2017-06-30 11:43"}, "create_time is not of the form"),
        ({"issue_time": "2017-06-31 11:43:00"}, "none of the calendar"),
        ({"offer": 700}, "offer is no text"),
        ({"offer": "1,000"}, "offer is not of the form"),
        ({"offer": ""}, "offer is empty"),
        ({"supplier_name": ""}, "supplier_name is empty"),
        ({"customer": {"id": "1"}}, "customer.name is missing"),
        ({"customer": "8001"}, "customer is no object"),
        ({"sales": '{"id": "1", "name": "x"}'}, "sales is no object"),
        ({"foreign_currency_json": {"amount": "0", "category": ""}}, "Category is missing"),
        ({"category": "改期单", "client_parent_order_id": ""}, "client_parent_order_id is required"),
        ({"unknown": "1"}, "unknown is not in the field table"),
    ],
)
def test_an_order_that_departs_from_the_table_is_refused(fields: dict[str, Any], why: str) -> None:
    assert why in refusal(hear(proven(with_order(**fields))))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"ticket_numbers": []}, "ticket_numbers is empty"),
        ({"ticket_numbers": "999-1112265894"}, "ticket_numbers is no list of texts"),
        ({"birthday": "19900101"}, "birthday is not of the form"),
        ({"name": ""}, "name is empty"),
    ],
)
def test_a_passenger_that_departs_from_the_table_is_refused(fields: dict[str, Any], why: str) -> None:
    assert why in refusal(hear(proven(with_passenger(**fields))))


def test_the_same_pnr_comes_once_for_each_type() -> None:
    assert "twice" in refusal(hear(proven(SAMPLE | {"pnr": SAMPLE["pnr"] * 2})))
    assert hear(proven(SAMPLE | {"pnr": [SAMPLE["pnr"][0], SAMPLE["pnr"][0] | {"type": "2"}]})).accepted


@pytest.mark.parametrize("change", [{"company_id": "OTHER"}, {"client_order_id": "1002"}, {"token": ""}])
def test_the_token_covers_company_order_and_time(change: dict[str, Any]) -> None:
    message = proven(SAMPLE)
    refusal(hear(message | {"ticket_order": message["ticket_order"] | change}))


@pytest.mark.parametrize(
    "body", [b"", b"{ticket_order: 1}", sample("datacentre/13-datacentre-ticket-order.txt"), b"\xff"]
)
def test_what_is_no_json_is_refused_in_the_contracts_form(body: bytes) -> None:
    assert "no JSON" in refusal(hear(body))


def test_only_json_by_post_is_heard() -> None:
    message = asked(proven(SAMPLE))
    for wrong in ({"method": "GET"}, {"headers": {"content-type": "text/plain"}}):
        heard = PARTNER.hear(message._replace(**wrong), credentials={"company_id": "LMBJ"}, held={})
        refusal(heard)


def test_same_key_and_content_is_nothing_new_and_another_content_a_new_version() -> None:
    first = hear(proven(SAMPLE))
    again = hear(proven(STRINGS), first)
    assert (again.accepted, again.verdict) == (True, "accepted again: the same content")
    second = hear(proven(with_order(offer="701")), first, again)
    assert (second.accepted, second.verdict) == (True, "accepted as version 2, for attention")
    assert hear(proven(with_order(offer="702")), second).verdict == "accepted as version 3, for attention"
    named = hear(proven(with_order(category="出票单")), first)
    assert "version 2" in named.verdict
    void = hear(proven(with_order(category="废票单")), first)
    assert void.verdict == "accepted"


@pytest.mark.parametrize(
    ("message", "remark"),
    [
        (with_order(category="出票单"), "category of a ticketing order is not the 1 of the sample"),
        (with_order(passenger_number="20"), "passenger_number is not 1, the number of passengers"),
        (SAMPLE | {"pnr": [SAMPLE["pnr"][0] | {"number_of_people": "2"}]}, "pnr[0].number_of_people is not the number"),
        (with_passenger(ticket_numbers=["9991112265894"]), "pnr[0]: a ticket number of 13 digits"),
    ],
)
def test_what_a_strict_writer_avoids_is_remarked(message: dict[str, Any], remark: str) -> None:
    assert any(said.startswith(remark) for said in hear(proven(message)).remarks)


def test_it_refuses_as_example_15_does() -> None:
    expected = json.loads(sample("datacentre/15-datacentre-response-error.json"))
    assert json.loads(PARTNER.refuse(asked(SAMPLE)).body) == expected
