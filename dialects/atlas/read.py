"""An Atlas body as a canonical event, read as tolerantly as the contract digests recommend (their "Inconsistencies").

Hard requirements are few; what the documents do not define is kept in `extra`, never lost and never interpreted.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dialects.atlas.passenger import read_passengers
from dialects.contract import ReadEvent, Unreadable
from dialects.json_document import NotJson, canonical, parse, scalar_text, unstorable, whole_number
from schemas.events import EventContent, OrderTicketed, OrderVoid
from schemas.raw_event import RawEvent
from schemas.topics import EventType

REASONS: Mapping[str, str] = {
    "not-json": "the body is not one UTF-8 JSON object",
    "text-not-storable": "a text holds NUL or half of a surrogate pair, which the database cannot keep",
    "unknown-type": "the type is neither order.ticketed nor order.void",
    "data-missing": "data is missing or not an object",
    "order-number-missing": "data.orderNo is missing, empty, or neither text nor number",
    "order-status-unreadable": "data.orderStatus is missing or not a whole number of 32 bits",
    "passengers-missing": "a ticketed order names no passenger",
    "passengers-unreadable": "data.paxTicketInfos is not a list of objects",
    "passenger-name-missing": "a passenger has no name",
    "ticket-numbers-missing": "a passenger of a ticketed order has no ticket number",
    "ticket-number-unreadable": "a ticket number is empty, or neither text nor number",
    "void-code-missing": "data.voidCode is missing, empty, or neither text nor number",
    "void-status-unreadable": "data.voidStatus is missing or not a whole number of 32 bits",
    "content-unreadable": "what the contract does not define is nested deeper than can be kept",
}
"""Why an event is parked: stable codes and their meanings."""

_ENVELOPE = frozenset({"cid", "data", "status", "type"})
"""`status` is internal to the supplier: "do not use" (atlas-order-ticketed, 8)."""


def read(raw: RawEvent) -> ReadEvent:
    """Read a stored body; raises Unreadable with one of REASONS, and nothing else."""
    try:
        document = parse(raw.body)
    except NotJson as error:
        raise Unreadable("not-json", f"the body is {error}") from error
    if found := unstorable(raw.body, document):
        raise Unreadable("text-not-storable", f"a text holds a {found}")
    data = document.get("data")
    if not isinstance(data, dict):
        raise Unreadable("data-missing", "data is missing or not an object")
    try:
        content = _content(document, data)
        return ReadEvent(content=content, digest=_digest(document, data, content))
    except (ValidationError, RecursionError) as error:
        raise Unreadable("content-unreadable", f"a part cannot be kept: {type(error).__name__}") from error


def _content(document: dict[str, Any], data: dict[str, Any]) -> EventContent:
    match document.get("type"):
        case EventType.TICKETED:
            return _ticketed(document, data)
        case EventType.VOID:
            return _void(document, data)
        case other:
            raise Unreadable("unknown-type", f"type is {str(other)[:60]!r}")


def _ticketed(document: dict[str, Any], data: dict[str, Any]) -> OrderTicketed:
    status = whole_number(data.get("orderStatus"))
    if status is None:
        raise Unreadable("order-status-unreadable", "data.orderStatus is not a whole number")
    return OrderTicketed(
        order_no=_order_no(data),
        customer=scalar_text(document.get("cid")) or "",
        order_status=status,
        passengers=read_passengers(data.get("paxTicketInfos"), order_status=status),
        extra=_extra(document, data, {"orderNo", "orderStatus", "paxTicketInfos"}),
    )


def _void(document: dict[str, Any], data: dict[str, Any]) -> OrderVoid:
    code = scalar_text(data.get("voidCode"))
    if code is None or not code.strip():
        raise Unreadable("void-code-missing", "data.voidCode is missing, empty, or neither text nor number")
    status = whole_number(data.get("voidStatus"))
    if status is None:
        raise Unreadable("void-status-unreadable", "data.voidStatus is not a whole number")
    message = scalar_text(data.get("message"))
    known = {"orderNo", "voidCode", "voidStatus"} | ({"message"} if message is not None else set())
    return OrderVoid(
        order_no=_order_no(data),
        customer=scalar_text(document.get("cid")) or "",
        void_code=code,
        void_status=status,
        message=message or "",
        extra=_extra(document, data, known),
    )


def _order_no(data: dict[str, Any]) -> str:
    order_no = scalar_text(data.get("orderNo"))
    if order_no is None or not order_no.strip():
        raise Unreadable("order-number-missing", "data.orderNo is missing, empty, or neither text nor number")
    return order_no


def _extra(document: dict[str, Any], data: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Fields without a place of ours: those beside `data` under "envelope", those in it by their own names."""
    envelope = {name: value for name, value in document.items() if name not in _ENVELOPE}
    unknown = {name: value for name, value in data.items() if name not in known and value is not None}
    return ({"envelope": envelope} if envelope else {}) | unknown


def _digest(document: dict[str, Any], data: dict[str, Any], content: EventContent) -> bytes:
    """What identifies the event (contracts/README.md, "Idempotency key"): equal for key order and white space.

    A `notificationId`, which some of the supplier's events carry, is the key by itself (atlas-order-ticketed, "Beyond
    the document").
    """
    notification = scalar_text(document.get("notificationId")) or scalar_text(data.get("notificationId"))
    if notification:
        key: list[object] = ["notification", notification]
    elif isinstance(content, OrderVoid):
        case = [content.order_no, content.void_code, content.void_status, content.message]
        key = ["void", content.customer, *case]
    else:
        key = [
            "ticketed",
            content.customer,
            content.type,
            content.order_no,
            hashlib.sha256(canonical(data)).hexdigest(),
        ]
    return hashlib.sha256(canonical(key)).digest()
