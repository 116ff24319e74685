"""Requests, stored events, callbacks and contexts of this party, for its tests."""

import copy
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from dialects.contract import Call, CallbackToWrite, MissingContext, NotDeliverable, ReadEvent
from dialects.datacentre.authenticity import token
from dialects.datacentre.inbound import DataCentreInbound
from dialects.datacentre.outbound import DataCentreOutbound
from runtime.settings import VerificationSettings
from schemas.events import AnyEvent, OrderTicketed, Passenger
from schemas.raw_event import RawEvent
from tests.unit.dialects.requests import ARRIVED, sample

PASSWORD = "secret"
EVERYTHING = ["changed", "refunded", "void"]
SAMPLE: dict[str, Any] = json.loads(sample("datacentre/13-datacentre-ticket-order.json"))
STRINGS: dict[str, Any] = json.loads(sample("datacentre/13-datacentre-ticket-order-stringified.json"))
ORDER: dict[str, Any] = SAMPLE["ticket_order"]
EVENT_TIME = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

_EVENTS = {"company_id", "token", "category", "status", "client_order_id", "client_parent_order_id", "passenger_number"}
CONTEXT: dict[str, Any] = {
    **{name: value for name, value in ORDER.items() if name not in _EVENTS | {"foreign_currency_json"}},
    "pnr": [
        {
            "code": "XT60TR",
            "type": "1",
            "body": ".....",
            "segment": SAMPLE["pnr"][0]["segment"],
            "price": [{name: v for name, v in SAMPLE["pnr"][0]["price"][0].items() if name != "category"}],
        }
    ],
}
"""What accounting would have supplied for the sample order."""

PERSON = Passenger(
    name="张晶晶",
    kind="adult",
    birthday="19900101",
    gender="F",
    document_number="0102345645646546546",
    document_type="ID",
    document_issued_by="CN",
    document_expires="20200215",
    nationality="CN",
    ticket_numbers=("9991112265894",),
    pnrs=("ET6305",),
)
"""The sample's passenger, in our words."""


def verification(*secrets: str, **settings: Any) -> VerificationSettings:
    return VerificationSettings(**({"scheme": "dialect", "secrets": tuple(map(SecretStr, secrets))} | settings))


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def with_order(**fields: Any) -> dict[str, Any]:
    return SAMPLE | {"ticket_order": ORDER | fields}


def with_passenger(**fields: Any) -> dict[str, Any]:
    document = copy.deepcopy(SAMPLE)
    document["pnr"][0]["passenger"][0] |= fields
    return document


def signed(document: dict[str, Any], password: str = PASSWORD) -> dict[str, Any]:
    order = document["ticket_order"]
    words = {name: order[name] for name in ("company_id", "client_order_id", "create_time")}
    return document | {"ticket_order": order | {"token": token(**words, password=password)}}


def read_body(body: bytes) -> ReadEvent:
    return DataCentreInbound().read(
        RawEvent(UUID(int=1), "company", "order.ticketed", ARRIVED, "datacentre", "1", body)
    )


def read_document(document: object) -> ReadEvent:
    return read_body(encoded(document))


def ticketed(*passengers: Passenger, **fields: Any) -> OrderTicketed:
    return OrderTicketed(**({"order_no": "1001", "order_status": 2, "passengers": passengers or (PERSON,)} | fields))


def told(
    content: AnyEvent, *, context: dict[str, Any] | None = CONTEXT, **credentials: Any
) -> Call | NotDeliverable | MissingContext:
    return DataCentreOutbound().write(
        CallbackToWrite(
            callback_id=UUID(int=7),
            attempt=1,
            source="upstream",
            order_no=content.order_no,
            event_time=EVENT_TIME,
            content=content,
            change={},
            context=context,
            url="https://accounting.example/orders",
            credentials={"company_id": "LMBJ", "password": PASSWORD} | credentials,
            now=EVENT_TIME,
        )
    )


def body_of(content: AnyEvent, **how: Any) -> dict[str, Any]:
    call = told(content, **how)
    assert isinstance(call, Call), call
    body: dict[str, Any] = json.loads(call.body)
    return body


def missing(content: AnyEvent, **how: Any) -> tuple[str, ...]:
    outcome = told(content, **how)
    assert isinstance(outcome, MissingContext), outcome
    return outcome.fields
