"""The call: TICKETED and REJECTED as the document's sample writes them, and what is never bent to fit."""

import json
from typing import Any

import pytest

from dialects.aerohub.credentials import LISTED_REASONS
from dialects.aerohub.outbound import AeroHubOutbound
from dialects.contract import Answer, Call, NotDeliverable, Refused, Understood
from dialects.registry import inbound
from schemas.events import OrderChanged, OrderRefunded, OrderRejected, OrderVoid
from tests.unit.dialects.aerohub.messages import (
    CONTEXT,
    EVENT_TIME,
    KEY,
    PERSON,
    RETURN_TRIP,
    SAMPLE,
    body_of,
    missing,
    stored,
    ticketed,
    told,
)
from tests.unit.dialects.requests import sample

PARTY = AeroHubOutbound()


def test_the_sample_comes_out_key_by_key_but_for_its_short_request_id() -> None:
    call = told(ticketed())
    assert isinstance(call, Call)
    body = json.loads(call.body)
    assert list(body) == list(SAMPLE)
    assert body | {"requestId": SAMPLE["requestId"]} == SAMPLE
    assert list(body["ticketNoItems"][0]) == list(SAMPLE["ticketNoItems"][0])
    assert (call.method, call.headers["content-type"]) == ("POST", "application/json")


def test_two_passengers_on_a_return_trip_with_a_connection_are_eight_items() -> None:
    other = PERSON.model_copy(update={"name": "li/si", "document_number": "2"})
    items = body_of(ticketed(PERSON, other), context=CONTEXT | {"segments": RETURN_TRIP[::-1]})["ticketNoItems"]
    assert [(i["passengerName"], i["segmentNo"], i["sequence"], i["depAirport"]) for i in items] == [
        (name, *place)
        for name in ("ZHANG/SAN", "li/si")
        for place in ((1, 1, "VVI"), (1, 2, "LIM"), (2, 1, "JFK"), (2, 2, "LIM"))
    ]


def test_a_request_id_is_32_hexadecimal_digits_and_new_for_each_call() -> None:
    ids = [body_of(ticketed(), attempt=attempt)["requestId"] for attempt in (1, 1, 2, 3)]
    assert len(set(ids)) == 3
    assert ids[0] == ids[1]
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_a_partner_may_want_the_same_request_id_on_retry() -> None:
    ids = {body_of(ticketed(), attempt=n, same_request_id_on_retry=True)["requestId"] for n in (1, 2)}
    assert len(ids) == 1


def test_the_time_is_the_flights_or_the_orders_or_the_events() -> None:
    segments = [CONTEXT["segments"][0] | {"ticketingTime": 1700000001}]
    without = {name: value for name, value in CONTEXT.items() if name != "ticketingTime"}
    contexts = [CONTEXT | {"segments": segments}, CONTEXT, without]
    times = [body_of(ticketed(), context=context)["ticketNoItems"][0]["ticketingTime"] for context in contexts]
    assert times == [1700000001, 1705026483, int(EVENT_TIME.timestamp())]


def test_contacts_are_told_when_known_and_the_account_when_the_partner_agreed() -> None:
    bare = {name: value for name, value in CONTEXT.items() if not name.startswith("contact")}
    item = body_of(ticketed(), context=bare, accountName="a", accountPass="b")["ticketNoItems"][0]
    assert (item["accountName"], item["accountPass"]) == ("a", "b")
    assert not [name for name in item if name.startswith("contact")]


class TestTickets:
    def test_one_number_holds_for_every_flight(self) -> None:
        items = body_of(ticketed(), context=CONTEXT | {"segments": RETURN_TRIP})["ticketNoItems"]
        assert {item["ticketNo"] for item in items} == {"LT75TO"}

    def test_without_a_ticket_number_the_locator_stands_in(self) -> None:
        person = PERSON.model_copy(update={"ticket_numbers": ()})
        assert body_of(ticketed(person))["ticketNoItems"][0]["ticketNo"] == "LT75TO"

    def test_several_numbers_are_never_paired_with_flights_by_place(self) -> None:
        person = PERSON.model_copy(update={"ticket_numbers": ("T1", "T2", "T3", "T4")})
        assert missing(ticketed(person), context=CONTEXT | {"segments": RETURN_TRIP}) == tuple(
            f"passengers['ZHANG/SAN'].tickets[{place}].ticketNo" for place in ("1/1", "1/2", "2/1", "2/2")
        )

    def test_the_context_says_which_number_is_for_which_flight(self) -> None:
        person = PERSON.model_copy(update={"ticket_numbers": ("T1", "T2"), "pnrs": ("P1", "P2")})
        tickets = [
            {"segmentNo": 1, "sequence": 1, "ticketNo": "T2", "pnrCode": "P2"},
            {"segmentNo": 1, "sequence": 2, "ticketNo": "T1", "pnrCode": "P1"},
        ]
        context = CONTEXT | {"segments": RETURN_TRIP[:2], "passengers": [{"name": "zhang/san", "tickets": tickets}]}
        items = body_of(ticketed(person), context=context)["ticketNoItems"]
        assert [(item["ticketNo"], item["pnrCode"]) for item in items] == [("T2", "P2"), ("T1", "P1")]

    def test_the_context_cannot_name_a_number_that_was_not_issued(self) -> None:
        tickets = [{"segmentNo": 1, "sequence": 1, "ticketNo": "FORGED"}]
        context = CONTEXT | {"passengers": [{"name": "ZHANG/SAN", "tickets": tickets}]}
        assert missing(ticketed(), context=context) == ("passengers['ZHANG/SAN'].tickets[1/1].ticketNo",)

    def test_without_a_locator_the_context_must_say_one(self) -> None:
        person = PERSON.model_copy(update={"pnrs": ()})
        assert missing(ticketed(person)) == ("passengers['ZHANG/SAN'].tickets[1/1].pnrCode",)


class TestPassengers:
    def test_a_name_is_told_in_the_case_received(self) -> None:
        person = PERSON.model_copy(update={"name": "zhang/San"})
        assert body_of(ticketed(person))["ticketNoItems"][0]["passengerName"] == "zhang/San"

    def test_a_name_without_a_stroke_must_come_from_the_context(self) -> None:
        person = PERSON.model_copy(update={"name": "张晶晶"})
        assert missing(ticketed(person)) == ("passengers['张晶晶'].passengerName",)
        context = CONTEXT | {"passengers": [{"name": "张晶晶", "passengerName": "ZHANG/JINGJING"}]}
        assert body_of(ticketed(person), context=context)["ticketNoItems"][0]["passengerName"] == "ZHANG/JINGJING"

    def test_a_document_number_may_come_from_the_context_and_must_come_from_somewhere(self) -> None:
        person = PERSON.model_copy(update={"document_number": ""})
        assert missing(ticketed(person)) == ("passengers['ZHANG/SAN'].cardNo",)
        context = CONTEXT | {"passengers": [{"name": "Zhang/San", "cardNo": "77"}]}
        assert body_of(ticketed(person), context=context)["ticketNoItems"][0]["cardNo"] == "77"

    def test_a_document_number_over_15_fails_the_mapping_and_is_neither_cut_nor_repeated(self) -> None:
        person = PERSON.model_copy(update={"document_number": "110101199003077777"})
        outcome = told(ticketed(person))
        assert isinstance(outcome, NotDeliverable)
        assert "cardNo has 18 characters" in outcome.reason
        assert "11010119" not in outcome.reason
        allowed = body_of(ticketed(person), allow_long_card_no=True)["ticketNoItems"][0]
        assert allowed["cardNo"] == "110101199003077777"
        just = PERSON.model_copy(update={"document_number": "1" * 15})
        assert body_of(ticketed(just))["ticketNoItems"][0]["cardNo"] == "1" * 15

    def test_namesakes_are_told_apart_by_document(self) -> None:
        other = PERSON.model_copy(update={"document_number": "2"})
        words = [{"name": "ZHANG/SAN", "document": d, "cardNo": c} for d, c in (("2", "B"), ("166341242", "A"))]
        items = body_of(ticketed(PERSON, other), context=CONTEXT | {"passengers": words})["ticketNoItems"]
        assert [item["cardNo"] for item in items] == ["A", "B"]
        doubled = [{"name": "ZHANG/SAN", "cardNo": c} for c in "AB"]
        outcome = missing(ticketed(PERSON), context=CONTEXT | {"passengers": doubled})
        assert outcome == ("passengers['ZHANG/SAN'].document",)


class TestRejected:
    def test_the_digests_shape(self) -> None:
        body = body_of(OrderRejected(order_no="A1", reason="flight SOLD out "))
        assert list(body) == ["apiKey", "requestId", "purchaseOrderNo", "orderStatus", "sourceType", "reason"]
        assert (body["orderStatus"], body["reason"]) == ("REJECTED", "Flight sold out")

    @pytest.mark.parametrize("reason", LISTED_REASONS)
    def test_a_listed_text_is_kept(self, reason: str) -> None:
        assert body_of(OrderRejected(order_no="A1", reason=reason))["reason"] == reason

    def test_other_words_are_mapped_by_the_partners_settings_or_are_the_default(self) -> None:
        table = {"E7": "Fare change", "售罄": "Flight sold out"}
        rejections = [OrderRejected(order_no="A", code=c, reason=r) for c, r in (("E7", "?"), ("", "售罄"), ("", "?"))]
        assert [body_of(one, reasons=table)["reason"] for one in rejections] == [
            "Fare change",
            "Flight sold out",
            "Automatic ticketing failed",
        ]
        assert body_of(rejections[2], default_reason="Airline error")["reason"] == "Airline error"


@pytest.mark.parametrize(
    "content",
    [
        OrderVoid(order_no="A", void_code="V", void_status=2),
        OrderChanged(order_no="A", document_no="C"),
        OrderRefunded(order_no="A", document_no="R"),
        ticketed(order_status=1),
        ticketed(PERSON.model_copy(update={"name": "A/\ud800"})),
        ticketed().model_copy(update={"passengers": ()}),
    ],
)
def test_what_has_no_wire_form_is_not_deliverable(content: Any) -> None:
    assert isinstance(told(content), NotDeliverable)


def test_without_a_context_the_callback_waits_for_what_every_call_needs() -> None:
    assert missing(ticketed(), context=None) == ("purchaseOrderNo", "segments")


def changed_segment(**fields: Any) -> dict[str, Any]:
    return CONTEXT | {"segments": [CONTEXT["segments"][0] | fields]}


@pytest.mark.parametrize(
    ("context", "field"),
    [
        ({}, "purchaseOrderNo: "), (CONTEXT | {"purchaseOrderNo": " "}, "purchaseOrderNo: "),
        (CONTEXT | {"segments": []}, "segments: "), (changed_segment(segmentNo=3), "segments[0].segmentNo: "),
        (changed_segment(depAirport="Lima"), "segments[0].depAirport: "), (changed_segment(sequence=2), "segments: "),
        (changed_segment(segmentNo=2), "segments: "), (CONTEXT | {"segments": RETURN_TRIP[:1] * 2}, "segments: "),
        (CONTEXT | {"ticketingTime": 1705026483000}, "ticketingTime: "), (CONTEXT | {"orderNo": "1"}, "orderNo: "),
        (CONTEXT | {"passengers": [{"cardNo": "1"}]}, "passengers[0].name: "),
    ],
)  # fmt: skip
def test_a_wrong_context_is_named_by_field(context: dict[str, Any], field: str) -> None:
    assert PARTY.check_context(context)[0].startswith(field)


def test_a_right_context_and_right_credentials() -> None:
    assert PARTY.check_context(CONTEXT | {"segments": RETURN_TRIP}) == []
    assert PARTY.check_credentials({"apiKey": KEY, "reasons": {"1": "Fare change"}}) == []
    assert PARTY.takes_context
    assert PARTY.only_named


@pytest.mark.parametrize(
    "wrong",
    [{}, {"apiKey": ""}, {"apiKey": 7}, {"apiKey": KEY, "default_reason": KEY}, {"apiKey": KEY, "api_key": KEY}],
)
def test_wrong_credentials_are_named_and_never_repeated(wrong: dict[str, Any]) -> None:
    (found,) = PARTY.check_credentials(wrong)
    assert found.startswith("credentials.")
    assert KEY not in found


@pytest.mark.parametrize("body", [sample("aerohub/11-aerohub-response-success.json"), b'{"code": "200"}'])
def test_a_yes_is_http_200_and_code_200(body: bytes) -> None:
    assert PARTY.judge(Answer(200, {}, body)) == Understood()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, sample("aerohub/12-aerohub-response-error.json"), "code-400: Failed"),
        (200, b'{"code": 1000, "msg": "a\\u0000\\ud800b"}', "code-1000: a b"),
        (200, b'{"code": 0}', "code-0"), (200, b"{}", "answer-unreadable: code"),
        (200, b'{"code": true}', "answer-unreadable"), (200, b'{"code": 200.5}', "answer-unreadable"),
        (200, b"<html>", "answer-unreadable"), (200, b"", "answer-unreadable"), (200, b"[200]", "answer-unreadable"),
        (201, b'{"code": 200}', "http-201"), (400, b'{"code": 200}', "http-400"), (500, b'{"code": 200}', "http-500"),
    ],
)  # fmt: skip
def test_all_else_is_tried_again(status: int, body: bytes, reason: str) -> None:
    verdict = PARTY.judge(Answer(status, {}, body))
    assert isinstance(verdict, Refused)
    assert verdict.reason.startswith(reason)


def test_the_example_context_completes_the_other_partys_sample() -> None:
    content = inbound("atlas").read(stored(sample("atlas/04-atlas-order-ticketed-full.json"))).content
    context = json.loads(sample("aerohub/context-for-atlas-04.json"))
    assert PARTY.check_context(context) == []
    body = body_of(content, context=context)
    assert [(item["passengerName"], item["flightNumber"], item["ticketNo"]) for item in body["ticketNoItems"]] == [
        (name, flight, "S30814") for name in ("zhang/lisi", "li/si", "zhang/san") for flight in ("CA951", "CA952")
    ]
