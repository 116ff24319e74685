"""Requests, stored events, callbacks and contexts of this party, for its tests."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from dialects.aerohub.outbound import AeroHubOutbound
from dialects.contract import Call, CallbackToWrite, MissingContext, NotDeliverable
from runtime.settings import VerificationSettings
from schemas.events import AnyEvent, OrderTicketed, Passenger
from schemas.raw_event import RawEvent
from tests.unit.dialects.requests import ARRIVED, sample

KEY = "PcrNq8964iFUkE0CyVV4bhgXXX"
SAMPLE: dict[str, Any] = json.loads(sample("aerohub/10-aerohub-update-order-ticketed.json"))
REJECTED = {
    "apiKey": KEY,
    "requestId": "0123456789abcdef0123456789abcdef",
    "purchaseOrderNo": "F1745553257834618888",
    "orderStatus": "REJECTED",
    "sourceType": 1,
    "reason": "Flight sold out",
}
"""The digest's constructed rejection."""

CONTEXT: dict[str, Any] = {
    "purchaseOrderNo": "F1745553257834618888",
    "segments": [
        {"flightNumber": "LA2407", "segmentNo": 1, "sequence": 1, "depAirport": "VVI", "arrAirport": "LIM"},
    ],
    "ticketingTime": 1705026483,
    "contactName": "ZHANG/SAN",
    "contactEmail": "zhang@gmail.com",
    "contactMobile": "+8615001230000",
}
RETURN_TRIP = [
    {"flightNumber": number, "segmentNo": direction, "sequence": place, "depAirport": start, "arrAirport": end}
    for number, direction, place, start, end in (
        ("LA1", 1, 1, "VVI", "LIM"),
        ("LA2", 1, 2, "LIM", "JFK"),
        ("LA3", 2, 1, "JFK", "LIM"),
        ("LA4", 2, 2, "LIM", "VVI"),
    )
]
PERSON = Passenger(name="ZHANG/SAN", document_number="166341242", ticket_numbers=("LT75TO",), pnrs=("LT75TO",))
EVENT_TIME = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def verification(*secrets: str, **settings: Any) -> VerificationSettings:
    return VerificationSettings(**({"scheme": "dialect", "secrets": tuple(map(SecretStr, secrets))} | settings))


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def stored(body: bytes) -> RawEvent:
    return RawEvent(UUID(int=1), "platform", "order.ticketed", ARRIVED, "aerohub", "1", body)


def ticketed(*passengers: Passenger, **fields: Any) -> OrderTicketed:
    return OrderTicketed(**({"order_no": "A1", "order_status": 2, "passengers": passengers or (PERSON,)} | fields))


def told(
    content: AnyEvent, *, context: dict[str, Any] | None = CONTEXT, attempt: int = 1, **credentials: Any
) -> Call | NotDeliverable | MissingContext:
    return AeroHubOutbound().write(
        CallbackToWrite(
            callback_id=UUID(int=7),
            attempt=attempt,
            source="upstream",
            order_no=content.order_no,
            event_time=EVENT_TIME,
            content=content,
            change={},
            context=context,
            url="https://platform.example/supplier/v1/api/update_order",
            credentials={"apiKey": KEY} | credentials,
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
