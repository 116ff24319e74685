"""Atlas' webhook bodies as a strict writer emits them (atlas-order-ticketed.md and atlas-order-void.md, right column).

A value that the documents do not allow fails the mapping with its field's name; nothing is bent to fit. Personal
values are not repeated in the reason.
"""

import re
from typing import Any, assert_never

import orjson

from dialects.contract import Call, CallbackToWrite, NotDeliverable
from dialects.standard.signature import signed_headers
from schemas.events import (
    TICKETED_STATUS,
    OrderChanged,
    OrderRefunded,
    OrderRejected,
    OrderTicketed,
    OrderVoid,
    Passenger,
)

INTERNAL_STATUS = -1
PASSENGER_TYPES = {"adult": 0, "child": 1, "infant": 2}
CARD_TYPES = frozenset({"PP", "GA", "TW", "TB", "HY", ""})
GENDERS = frozenset({"M", "F", ""})
VOID_MESSAGES = {
    0: "废票申请已受理，正在提交航司",
    1: "废票已提交至航司处理",
    2: "废票成功，航司已确认",
    3: "航司废票处理中，请等待",
    4: "废票失败：原因未说明",
    5: "废票已完成",
    6: "废票申请已撤回",
}
"""The listed texts, for a status that came without one; 4 must give a reason, and 5 stands without its placeholder."""

_PLACEHOLDER = "废票已完成，退款预计 X 个工作日内到账"
_DATE = re.compile(r"\d{8}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class _Unmappable(ValueError):
    """A value has no wire form; the text names its field."""


def write(callback: CallbackToWrite) -> Call | NotDeliverable:
    """The documents' own body for this event; our signature, in headers, when the endpoint has secrets."""
    try:
        message = _message(callback)
    except _Unmappable as error:
        return NotDeliverable(str(error))
    body = orjson.dumps(message)
    headers = signed_headers(
        callback.callback_id,
        now=callback.now,
        body=body,
        credentials=callback.credentials,
        replay=callback.replay,
    )
    return Call(url=callback.url, headers={"content-type": "application/json", **headers}, body=body)


def _message(callback: CallbackToWrite) -> dict[str, Any]:
    content = callback.content
    customer = str(callback.credentials.get("cid") or content.customer)
    match content:
        case OrderTicketed():
            return _ticketed(content, customer)
        case OrderVoid():
            return _void(content, customer)
        case OrderRejected() | OrderChanged() | OrderRefunded():
            raise _Unmappable(f"{content.type} has no wire form: the documents define none")
        case _:
            assert_never(content)


def _ticketed(content: OrderTicketed, customer: str) -> dict[str, Any]:
    """Keys in the order of example 04."""
    if content.order_status != TICKETED_STATUS:
        raise _Unmappable(f"order_status is {content.order_status}; the event is defined for {TICKETED_STATUS} only")
    if not content.passengers:
        raise _Unmappable("passengers is empty; an issued order has at least one")
    passengers = [_passenger(passenger, f"passengers[{place}]") for place, passenger in enumerate(content.passengers)]
    return {
        "cid": customer,
        "data": {"orderNo": content.order_no, "orderStatus": TICKETED_STATUS, "paxTicketInfos": passengers},
        "status": INTERNAL_STATUS,
        "type": content.type,
    }


def _passenger(passenger: Passenger, place: str) -> dict[str, Any]:
    """All twelve fields; what is unknown is "". A carrier without ticket numbers has its locators in their stead."""
    if passenger.kind not in PASSENGER_TYPES:
        raise _Unmappable(f"{place}.kind {passenger.kind!r} is none of {', '.join(PASSENGER_TYPES)}")
    return {
        "airlinePNRs": list(passenger.pnrs),
        "ancillaries": list(passenger.ancillaries),
        "birthday": _date(passenger.birthday, f"{place}.birthday"),
        "cardExpired": _date(passenger.document_expires, f"{place}.document_expires"),
        "cardIssuePlace": _country(passenger.document_issued_by, f"{place}.document_issued_by"),
        "cardNum": passenger.document_number,
        "cardType": _listed(passenger.document_type, CARD_TYPES, f"{place}.document_type"),
        "gender": _listed(passenger.gender, GENDERS, f"{place}.gender"),
        "name": passenger.name,
        "nationality": _country(passenger.nationality, f"{place}.nationality"),
        "passengerType": PASSENGER_TYPES[passenger.kind],
        "ticketNos": list(passenger.ticket_numbers or passenger.pnrs),
    }


def _void(content: OrderVoid, customer: str) -> dict[str, Any]:
    """Keys in the order of example 05. The status is the event's own: a contradiction is published, not resolved."""
    if content.void_status not in VOID_MESSAGES:
        raise _Unmappable(f"void_status {content.void_status} is none of 0 to 6")
    unsaid = content.message in {"", _PLACEHOLDER}
    return {
        "cid": customer,
        "type": content.type,
        "status": INTERNAL_STATUS,
        "data": {
            "orderNo": content.order_no,
            "voidCode": content.void_code,
            "voidStatus": content.void_status,
            "message": VOID_MESSAGES[content.void_status] if unsaid else content.message,
        },
    }


def _date(value: str, place: str) -> str:
    if value and not _DATE.fullmatch(value):
        raise _Unmappable(f"{place} is not YYYYMMDD")
    return value


def _country(value: str, place: str) -> str:
    if value and not _COUNTRY.fullmatch(value):
        raise _Unmappable(f"{place} {value!r} is no two-letter country code")
    return value


def _listed(value: str, allowed: frozenset[str], place: str) -> str:
    if value not in allowed:
        raise _Unmappable(f"{place} {value!r} is none of {', '.join(sorted(allowed - {''}))}")
    return value
