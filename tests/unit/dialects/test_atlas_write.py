"""The `atlas` dialect, outgoing: the documents' own bodies, as a strict writer emits them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from standardwebhooks import Webhook

from dialects.atlas.outbound import AtlasOutbound
from dialects.atlas.read import read
from dialects.contract import Answer, Call, CallbackToWrite, NotDeliverable, Refused, Understood
from schemas.events import EventContent, OrderTicketed, OrderVoid
from schemas.raw_event import RawEvent

SAMPLES = Path(__file__).parents[2] / "samples" / "atlas"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def read_body(body: bytes) -> EventContent:
    raw = RawEvent(UUID(int=1), "atlas", "order.void", datetime.now(UTC), "atlas", "1", body)
    return read(raw).content


def written(content: EventContent, **credentials: Any) -> Call | NotDeliverable:
    return AtlasOutbound().write(
        CallbackToWrite(
            callback_id=UUID(int=7),
            attempt=1,
            source="atlas",
            order_no=content.order_no,
            event_time=datetime.now(UTC),
            content=content,
            change={},
            context=None,
            url="https://partner.example/hook",
            credentials=credentials,
            now=datetime.now(UTC),
        )
    )


def body_of(content: EventContent, **credentials: Any) -> dict[str, Any]:
    call = written(content, **credentials)
    assert isinstance(call, Call)
    body: dict[str, Any] = orjson.loads(call.body)
    return body


def sample(number: str) -> bytes:
    (file,) = SAMPLES.glob(f"{number}-*.json")
    return file.read_bytes()


@pytest.mark.parametrize("number", ["04", "05"])
def test_a_complete_sample_comes_out_as_it_went_in_key_by_key(number: str) -> None:
    call = written(read_body(sample(number)))
    assert isinstance(call, Call)
    assert call.body == orjson.dumps(orjson.loads(sample(number)))
    assert call.headers["content-type"] == "application/json"
    assert b"\\u" not in call.body


def test_unknown_values_are_empty_texts_and_no_field_is_missing() -> None:
    body = body_of(read_body(sample("01")))
    assert body["status"] == -1
    assert body["data"]["paxTicketInfos"] == [
        {
            "airlinePNRs": ["S30814"],
            "ancillaries": [],
            "birthday": "",
            "cardExpired": "",
            "cardIssuePlace": "",
            "cardNum": "",
            "cardType": "",
            "gender": "",
            "name": "zhang/lisi",
            "nationality": "",
            "passengerType": 1,
            "ticketNos": ["S30814"],
        }
    ]


def test_our_own_identifier_of_the_customer_comes_before_the_suppliers() -> None:
    assert body_of(read_body(sample("05")), cid="OURS-9")["cid"] == "OURS-9"


def test_the_body_is_signed_when_there_is_a_secret() -> None:
    call = written(read_body(sample("05")), secrets=[SECRET])
    assert isinstance(call, Call)
    Webhook(SECRET).verify(call.body, dict(call.headers))
    unsigned = written(read_body(sample("05")))
    assert isinstance(unsigned, Call)
    assert "webhook-signature" not in unsigned.headers
    assert unsigned.headers["webhook-id"] == call.headers["webhook-id"]


def ticketed(**passenger: Any) -> OrderTicketed:
    content = read_body(sample("04"))
    assert isinstance(content, OrderTicketed)
    changed = content.passengers[0].model_copy(update=passenger)
    return content.model_copy(update={"passengers": (changed,)})


@pytest.mark.parametrize(
    ("passenger", "field"),
    [
        ({"document_type": "ID"}, "passengers[0].document_type 'ID'"),
        ({"gender": "X"}, "passengers[0].gender 'X'"),
        ({"kind": "9"}, "passengers[0].kind '9'"),
        ({"kind": ""}, "passengers[0].kind ''"),
        ({"nationality": "China"}, "passengers[0].nationality 'China'"),
        ({"document_issued_by": "Beijing"}, "passengers[0].document_issued_by 'Beijing'"),
        ({"birthday": "1991-01-01"}, "passengers[0].birthday is"),
        ({"document_expires": "soon"}, "passengers[0].document_expires is"),
    ],
)
def test_a_value_without_a_wire_form_fails_the_mapping_by_name(passenger: Mapping[str, str], field: str) -> None:
    outcome = written(ticketed(**passenger))
    assert isinstance(outcome, NotDeliverable)
    assert outcome.reason.startswith(field)
    assert "1991-01-01" not in outcome.reason


def test_a_passenger_without_ticket_numbers_has_the_locators_in_their_stead() -> None:
    body = body_of(ticketed(ticket_numbers=(), pnrs=("ABC123",)))
    assert body["data"]["paxTicketInfos"][0]["ticketNos"] == ["ABC123"]


@pytest.mark.parametrize("status", [0, 1, -3])
def test_only_an_issued_order_has_a_wire_form(status: int) -> None:
    assert isinstance(written(ticketed().model_copy(update={"order_status": status})), NotDeliverable)


def void(status: int, message: str) -> OrderVoid:
    return OrderVoid(order_no="A", void_code="C", void_status=status, message=message)


@pytest.mark.parametrize("said", orjson.loads(sample("06")))
def test_every_documented_message_is_told_without_its_placeholder(said: Mapping[str, Any]) -> None:
    told = body_of(void(said["voidStatus"], said["message"]))["data"]
    assert told["voidStatus"] == said["voidStatus"]
    assert told["message"] == ("废票已完成" if " X " in said["message"] else said["message"])


@pytest.mark.parametrize("status", range(7))
def test_a_status_without_a_message_gets_one(status: int) -> None:
    assert body_of(void(status, ""))["data"]["message"]


@pytest.mark.parametrize("status", [-1, 7, 100])
def test_an_unknown_void_status_fails_the_mapping(status: int) -> None:
    outcome = written(void(status, "x"))
    assert isinstance(outcome, NotDeliverable)
    assert f"void_status {status}" in outcome.reason


def test_judging_and_credentials() -> None:
    atlas = AtlasOutbound()
    assert atlas.judge(Answer(204, {}, b"")) == Understood()
    assert atlas.judge(Answer(404, {}, b"")) == Refused("http-404")
    assert atlas.check_credentials({}) == []
    assert atlas.check_credentials({"secrets": [SECRET], "cid": "A"}) == []
    assert len(atlas.check_credentials({"secrets": ["x"], "cid": 7})) == 2
    assert atlas.event_types == {"order.ticketed", "order.void"}
