"""An `update_order` as a canonical event, read as aerohub-update-order.md recommends ("Inconsistencies", "Semantics").

Ingest's check and the processor's reading are this one function, so that nothing is answered 200 and parked later.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dialects.aerohub.items import read_items
from dialects.contract import InboundRequest, Malformed, Peeked, ReadEvent, UnknownPath, Unreadable
from dialects.json_document import NotJson, canonical, parse, scalar_text, unstorable
from schemas.events import TICKETED_STATUS, OrderRejected, OrderTicketed
from schemas.raw_event import RawEvent

PATHS = frozenset({"", "/supplier/v1/api/update_order"})
"""The documented path, and the source's own: some callers are configured with a whole URL."""

MAX_ORDER_NUMBER = 256
REASON_UNKNOWN = "reason unknown"

REASONS: Mapping[str, str] = {
    "not-json": "the body is not one UTF-8 JSON object",
    "text-not-storable": "a text holds NUL or half of a surrogate pair, which the database cannot keep",
    "request-id-missing": "requestId is missing, empty, or neither text nor number",
    "order-number-missing": "purchaseOrderNo is missing, empty, or neither text nor number",
    "order-number-unusable": "purchaseOrderNo is too long or holds a control character",
    "order-status-unknown": "orderStatus is neither TICKETED nor REJECTED",
    "reason-unreadable": "reason is neither text nor number",
    "items-missing": "a ticketed order has no ticketNoItems",
    "items-unreadable": "ticketNoItems is not a list of objects",
    "items-unexpected": "a rejected order has ticketNoItems",
    "item-field-missing": "a required field of an item is missing, empty, or neither text nor number",
    "item-number-unreadable": "segmentNo, sequence or ticketingTime of an item is not such a number",
    "content-unreadable": "what the contract does not define is nested deeper than can be kept",
}
"""Why an event is refused, or parked: stable codes and their meanings."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KNOWN = frozenset({"apiKey", "requestId", "purchaseOrderNo", "orderStatus", "reason", "ticketNoItems"})
"""`requestId` differs in each call of one event, so it is no part of the event (inconsistency 3)."""


def peek(request: InboundRequest) -> Peeked:
    """Type and order number of a request that is right throughout; Malformed names the field that is not."""
    if request.path.rstrip("/") not in PATHS:
        raise UnknownPath("the contract has one path, /supplier/v1/api/update_order")
    try:
        content = _content(request.body)
    except Unreadable as error:
        raise Malformed(str(error)) from error
    return Peeked(type=str(content.type), order_no=content.order_no)


def read(raw: RawEvent) -> ReadEvent:
    """Read a stored body; raises Unreadable with one of REASONS, and nothing else.

    The digest is over all that is said but `requestId` ("Semantics", idempotency). The `apiKey` in the recommended key
    is left out: an event is identified within its source, which is that supplier, and a hash of a secret is kept
    nowhere.
    """
    content = _content(raw.body)
    return ReadEvent(content=content, digest=hashlib.sha256(canonical(content.model_dump(mode="json"))).digest())


def _content(body: bytes) -> OrderTicketed | OrderRejected:
    try:
        document = parse(body)
    except NotJson as error:
        raise Unreadable("not-json", f"the body is {error}") from error
    if found := unstorable(body, document):
        raise Unreadable("text-not-storable", f"a text holds a {found}")
    try:
        content = _event(document)
        canonical(content.model_dump(mode="json"))
    except (ValidationError, RecursionError) as error:
        raise Unreadable("content-unreadable", f"a part cannot be kept: {type(error).__name__}") from error
    return content


def _event(document: dict[str, Any]) -> OrderTicketed | OrderRejected:
    if not (scalar_text(document.get("requestId")) or "").strip():
        raise Unreadable("request-id-missing", "requestId is missing, empty, or neither text nor number")
    order_no = _order_no(document.get("purchaseOrderNo"))
    status = document.get("orderStatus")
    match status.strip().upper() if isinstance(status, str) else None:  # any case: inconsistency 1
        case "TICKETED":
            return _ticketed(document, order_no)
        case "REJECTED":
            return _rejected(document, order_no)
        case _:
            seen = f"{status[:40]!r}" if isinstance(status, str) else "missing or not a text"
            raise Unreadable("order-status-unknown", f"orderStatus is {seen}, neither TICKETED nor REJECTED")


def _order_no(value: object) -> str:
    order_no = scalar_text(value)
    if order_no is None or not order_no.strip():
        raise Unreadable("order-number-missing", "purchaseOrderNo is missing, empty, or neither text nor number")
    if len(order_no) > MAX_ORDER_NUMBER:
        text = f"purchaseOrderNo has {len(order_no)} characters, more than {MAX_ORDER_NUMBER}"
        raise Unreadable("order-number-unusable", text)
    if _UNPRINTABLE.search(order_no):
        raise Unreadable("order-number-unusable", "purchaseOrderNo holds a control character")
    return order_no


def _ticketed(document: dict[str, Any], order_no: str) -> OrderTicketed:
    """`final`: of two conflicting statuses the first holds ("Semantics")."""
    passengers, warnings = read_items(document.get("ticketNoItems"))
    reason = document.get("reason")
    return OrderTicketed(
        order_no=order_no,
        order_status=TICKETED_STATUS,
        passengers=passengers,
        final=True,
        extra=_extra(document, warnings) | ({"reason": reason} if reason not in (None, "") else {}),
    )


def _rejected(document: dict[str, Any], order_no: str) -> OrderRejected:
    """A missing reason is no refusal: that would only make the caller repeat (inconsistency 4)."""
    if document.get("ticketNoItems") not in (None, []):
        raise Unreadable("items-unexpected", "ticketNoItems must be missing or empty with REJECTED")
    given = document.get("reason")
    reason = "" if given is None else scalar_text(given)
    if reason is None:
        raise Unreadable("reason-unreadable", "reason is neither text nor number")
    reason = reason.strip()
    warnings = [] if reason else ["reason-missing"]
    return OrderRejected(order_no=order_no, reason=reason or REASON_UNKNOWN, extra=_extra(document, warnings))


def _extra(document: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Fields without a place of ours, and what a person may want to look at."""
    fields = {name: value for name, value in document.items() if name not in _KNOWN and value is not None}
    if scalar_text(fields.get("sourceType")) == "1":  # as if absent (inconsistency 11)
        del fields["sourceType"]
    return ({"fields": fields} if fields else {}) | ({"warnings": warnings} if warnings else {})
