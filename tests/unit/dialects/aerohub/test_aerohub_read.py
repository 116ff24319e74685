"""The contract, served: who may call, what is understood, what is answered, and nothing worse than a refusal."""

import json
from typing import Any

import pytest

from dialects.aerohub.inbound import AeroHubInbound
from dialects.aerohub.read import REASONS
from dialects.contract import Accepted, Declined, Malformed, NotAuthentic, Peeked, ReadEvent, UnknownPath, Unreadable
from schemas.events import OrderRejected, OrderTicketed
from tests.unit.dialects.aerohub.messages import (
    KEY,
    REJECTED,
    SAMPLE,
    encoded,
    stored,
    verification,
)
from tests.unit.dialects.requests import request, sample

PARTY = AeroHubInbound()


def read_document(document: object) -> ReadEvent:
    return PARTY.read(stored(encoded(document)))


def order(document: object) -> OrderTicketed:
    content = read_document(document).content
    assert isinstance(content, OrderTicketed)
    return content


def with_item(**fields: Any) -> dict[str, Any]:
    return SAMPLE | {"ticketNoItems": [SAMPLE["ticketNoItems"][0] | fields]}


class TestWhoMayCall:
    @pytest.mark.parametrize("live", [(KEY,), ("other", KEY), (KEY, "other")])
    def test_either_live_key_lets_in(self, live: tuple[str, ...]) -> None:
        proof = PARTY.verify(request(encoded(SAMPLE)), verification(*live))
        assert str(proof) == f"dialect/{live.index(KEY) + 1}"

    @pytest.mark.parametrize("key", [None, "", KEY[:-1], KEY + "X", KEY.lower(), [KEY], True, "\ud800", "é"])
    def test_no_other_key_does_and_the_text_repeats_none(self, key: object) -> None:
        with pytest.raises(NotAuthentic) as refusal:
            PARTY.verify(request(encoded(SAMPLE | {"apiKey": key})), verification(KEY, "other"))
        assert KEY[:8] not in str(refusal.value)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
    def test_a_body_without_a_readable_key_is_not_authentic(self, body: bytes) -> None:
        with pytest.raises(NotAuthentic, match="the body is not"):
            PARTY.verify(request(body), verification(KEY))

    def test_settings_that_let_nobody_or_everybody_in_are_wrong(self) -> None:
        assert PARTY.wrong_settings(verification(KEY)) is None
        wrong = [verification(), verification(""), verification(KEY, scheme="none"), verification(KEY, account="me")]
        assert all(PARTY.wrong_settings(one) for one in wrong)


class TestRead:
    def test_the_sample(self) -> None:
        assert PARTY.peek(request(sample("aerohub/10-aerohub-update-order-ticketed.json"))) == Peeked(
            "order.ticketed", "F1745553257834618888"
        )
        event = order(SAMPLE)
        assert (event.order_no, event.order_status, event.final) == ("F1745553257834618888", 2, True)
        (person,) = event.passengers
        assert (person.name, person.document_number) == ("ZHANG/SAN", "166341242")
        assert person.ticket_numbers == person.pnrs == ("LT75TO",)
        kept = person.extra["items"]
        gone = {"passengerName", "cardNo", "accountName", "accountPass"}
        assert kept == [{name: v for name, v in SAMPLE["ticketNoItems"][0].items() if name not in gone}]
        assert event.extra == {}

    def test_the_rejection(self) -> None:
        content = read_document(REJECTED).content
        assert isinstance(content, OrderRejected)
        assert (content.order_no, content.reason) == ("F1745553257834618888", "Flight sold out")
        assert PARTY.peek(request(encoded(REJECTED))).type == "order.rejected"

    def test_items_are_merged_by_name_and_document_without_losing_order(self) -> None:
        items = [
            SAMPLE["ticketNoItems"][0] | {"passengerName": name, "cardNo": card, "ticketNo": number, "pnrCode": pnr}
            for name, card, number, pnr in (
                ("A/B", "1", "T2", "P1"),
                ("A/B", "2", "T9", "P1"),
                ("A/B", "1", "T1", "P0"),
                ("A/B", "1", "T2", "P1"),
            )
        ]
        first, second = order(SAMPLE | {"ticketNoItems": items}).passengers
        assert (first.ticket_numbers, first.pnrs) == (("T2", "T1"), ("P1", "P0"))
        assert (second.document_number, second.ticket_numbers) == ("2", ("T9",))
        kept = first.extra["items"]
        assert isinstance(kept, list)
        assert len(kept) == 3

    def test_secrets_are_in_no_event(self) -> None:
        event = order(with_item(accountPass="hunter2"))
        assert "hunter2" not in event.model_dump_json()
        assert KEY not in event.model_dump_json()

    @pytest.mark.parametrize("status", ["ticketed", " Ticketed ", "TICKETED"])
    def test_a_status_in_any_case(self, status: str) -> None:
        assert order(SAMPLE | {"orderStatus": status}).order_no

    @pytest.mark.parametrize("reason", [None, "", " "])
    def test_a_rejection_without_a_reason_is_taken_with_a_warning(self, reason: str | None) -> None:
        content = read_document(REJECTED | {"reason": reason, "ticketNoItems": []}).content
        assert isinstance(content, OrderRejected)
        assert (content.reason, content.extra["warnings"]) == ("reason unknown", ["reason-missing"])

    def test_a_long_document_number_is_taken_with_a_warning(self) -> None:
        event = order(with_item(cardNo="110101199003077777"))
        assert event.extra["warnings"] == ["card-number-long:ticketNoItems[0]"]
        assert "warnings" not in order(with_item(cardNo="1" * 15)).extra

    @pytest.mark.parametrize("time", [1705026483, "1705026483", 1705026483000, "1705026483123", " 1705026483 "])
    def test_times_of_10_and_13_digits(self, time: object) -> None:
        assert read_document(with_item(ticketingTime=time)) == read_document(SAMPLE)

    def test_numbers_and_numeric_texts_are_the_same(self) -> None:
        texts = with_item(segmentNo="1", sequence="1", cardNo=166341242)
        assert read_document(texts) == read_document(SAMPLE)

    def test_what_is_unknown_is_kept(self) -> None:
        event = order(with_item(seat={"row": 1}) | {"memo": ["x"]})
        assert event.extra["fields"] == {"memo": ["x"]}
        assert order(SAMPLE | {"sourceType": 2}).extra["fields"] == {"sourceType": 2}
        assert '"seat":{"row":1}' in event.model_dump_json()


class TestIdentity:
    def test_what_is_missing_null_or_empty_is_the_same(self) -> None:
        for none in (None, ""):
            assert read_document(with_item(accountName=none) | {"reason": none}) == read_document(SAMPLE)
        bare = {name: value for name, value in SAMPLE.items() if name not in {"sourceType", "reason"}}
        assert read_document(bare) == read_document(SAMPLE)

    def test_the_request_id_and_the_key_are_no_part_of_it(self) -> None:
        other = SAMPLE | {"requestId": "another", "apiKey": "rotated"}
        assert read_document(other) == read_document(dict(reversed(other.items()))) == read_document(SAMPLE)

    def test_order_status_and_content_are(self) -> None:
        others = [
            SAMPLE | {"purchaseOrderNo": "F2"}, with_item(ticketNo="T2"), with_item(seatNo="1A"), REJECTED,
            REJECTED | {"reason": "Fare change"}, SAMPLE | {"memo": 1},
        ]  # fmt: skip
        assert len({read_document(one).digest for one in (SAMPLE, *others)}) == 7


@pytest.mark.parametrize(
    ("document", "code", "text"),
    [
        ([], "not-json", "not a JSON object"), (SAMPLE | {"memo": "a\0"}, "text-not-storable", "NUL"),
        (SAMPLE | {"memo": "\ud800"}, "text-not-storable", "surrogate"),
        (SAMPLE | {"requestId": ""}, "request-id-missing", "requestId"),
        (SAMPLE | {"purchaseOrderNo": None}, "order-number-missing", "purchaseOrderNo"),
        (SAMPLE | {"purchaseOrderNo": "1" * 257}, "order-number-unusable", "257 characters"),
        (SAMPLE | {"purchaseOrderNo": "a\n"}, "order-number-unusable", "purchaseOrderNo"),
        (SAMPLE | {"orderStatus": "VOIDED"}, "order-status-unknown", "'VOIDED'"),
        (SAMPLE | {"orderStatus": None}, "order-status-unknown", "orderStatus"),
        (SAMPLE | {"ticketNoItems": []}, "items-missing", "ticketNoItems"),
        (SAMPLE | {"ticketNoItems": {}}, "items-unreadable", "ticketNoItems"),
        (SAMPLE | {"ticketNoItems": [1]}, "items-unreadable", "ticketNoItems"),
        (REJECTED | {"ticketNoItems": SAMPLE["ticketNoItems"]}, "items-unexpected", "ticketNoItems"),
        (REJECTED | {"reason": ["x"]}, "reason-unreadable", "reason"),
        (with_item(cardNo=""), "item-field-missing", r"ticketNoItems\[0\].cardNo"),
        (with_item(segmentNo=0), "item-number-unreadable", r"ticketNoItems\[0\].segmentNo"),
        (with_item(ticketingTime=17), "item-number-unreadable", r"ticketNoItems\[0\].ticketingTime"),
        (SAMPLE | {"memo": json.loads("[" * 400 + "]" * 400)}, "content-unreadable", "part"),
    ],
)  # fmt: skip
def test_every_refusal_has_its_code_and_names_the_field(document: object, code: str, text: str) -> None:
    with pytest.raises(Unreadable, match=text) as parked:
        read_document(document)
    assert parked.value.reason == code
    assert code in REASONS
    with pytest.raises(Malformed, match=text):
        PARTY.peek(request(encoded(document)))


def test_the_documented_path_or_the_sources_own() -> None:
    for path in ("", "/", "/supplier/v1/api/update_order", "/supplier/v1/api/update_order/"):
        assert PARTY.peek(request(encoded(SAMPLE), path=path)).order_no
    with pytest.raises(UnknownPath):
        PARTY.peek(request(encoded(SAMPLE), path="/supplier/v1/api/order_detail"))


class TestReply:
    def test_a_yes_is_the_documents_byte_for_byte_each_time(self) -> None:
        answers = [PARTY.reply(Accepted(), request(encoded(one))) for one in (SAMPLE, REJECTED)]
        assert answers[0] == answers[1]
        assert answers[0].status == 200
        assert json.loads(answers[0].body) == json.loads(sample("aerohub/11-aerohub-response-success.json"))

    @pytest.mark.parametrize("status", [400, 401])
    def test_a_request_that_was_understood_is_refused_with_http_200(self, status: int) -> None:
        answer = PARTY.reply(Declined(status, "cardNo is missing"), request(encoded(SAMPLE)))
        assert (answer.status, json.loads(answer.body)) == (200, {"code": 400, "msg": "cardNo is missing"})

    @pytest.mark.parametrize("status", [400, 401])
    def test_the_sample_as_printed_was_not_understood(self, status: int) -> None:
        printed = request(sample("aerohub/10-aerohub-update-order-ticketed.txt"))
        with pytest.raises(Malformed, match="not JSON"):
            PARTY.peek(printed)
        answer = PARTY.reply(Declined(status, "x"), printed)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, 400)

    @pytest.mark.parametrize("status", [404, 405, 413, 415, 429, 500, 503])
    def test_what_transport_refuses_keeps_its_status(self, status: int) -> None:
        answer = PARTY.reply(Declined(status, "\ud800", 2), None)
        assert (answer.status, answer.headers["retry-after"]) == (status, "2")
        assert json.loads(answer.body)["code"] == 400
