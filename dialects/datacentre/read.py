"""A `ticket_order` as a canonical event, read as datacentre-ticket-order.md recommends ("Contradictions", "Semantics").

Ingest's check and the processor's reading are this one function, so that nothing is answered `ok` and parked later.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dialects.contract import InboundRequest, Malformed, Peeked, ReadEvent, UnknownPath, Unreadable
from dialects.datacentre.code_tables import CATEGORIES, INFERRED_CODES
from dialects.datacentre.document import decoded, objects, parse, text_of
from dialects.datacentre.read_pnr import read_pnrs
from dialects.datacentre.written_times import is_time
from dialects.json_document import NotJson, canonical, unstorable
from schemas.events import TICKETED_STATUS, AnyEvent, OrderChanged, OrderRefunded, OrderTicketed, OrderVoid, Passenger
from schemas.raw_event import RawEvent
from schemas.topics import EventType

MAX_ORDER_NUMBER = 256
VOIDED = 2
"""A void order tells of a void that is done; the contract has no word for one under way."""

REASONS: Mapping[str, str] = {
    "not-json": "the body is not one UTF-8 JSON object",
    "text-not-storable": "a text holds NUL or half of a surrogate pair, which the database cannot keep",
    "order-missing": "ticket_order is missing or not an object",
    "company-missing": "ticket_order.company_id is missing, empty, or neither text nor number",
    "order-number-missing": "ticket_order.client_order_id is missing, empty, or neither text nor number",
    "order-number-unusable": "an order number is too long or holds a control character",
    "category-unknown": "ticket_order.category is none of the four, by code or name",
    "element-unreadable": "pnr or passenger is neither an object nor a list of objects",
    "passengers-missing": "a ticketing order names no passenger",
    "passenger-name-missing": "a passenger has no name",
    "ticket-number-unreadable": "a ticket number is neither text nor number",
    "content-unreadable": "what the contract does not define is nested deeper than can be kept",
}
"""Why an event is refused, or parked: stable codes and their meanings."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_IN_STRINGS = ("customer", "creator", "foreign_currency_json")
_TIMES = ("create_time", "issue_time", "desk_issue_time")
_NOT_KEPT = frozenset({"company_id", "client_order_id", "token", "pnr"})
"""The token is a secret's, and differs when the password is rotated: no part of the event."""


def peek(request: InboundRequest) -> Peeked:
    """Type and order number of a request that is right throughout; Malformed names the field that is not.

    The document leaves the URL to be determined (inconsistency 29): ours is the source's own.
    """
    if request.path not in {"", "/"}:
        raise UnknownPath("orders are taken at the source's own path")
    try:
        content = _content(request.body)
    except Unreadable as error:
        raise Malformed(str(error)) from error
    return Peeked(type=str(content.type), order_no=content.order_no)


def read(raw: RawEvent) -> ReadEvent:
    """Read a stored body; raises Unreadable with one of REASONS, and nothing else.

    The digest is over company, order number and category (the recommended key), and over all else that is said: the
    same content again is the same event, another content a new version of it ("Semantics", idempotency).
    """
    content = _content(raw.body)
    return ReadEvent(content=content, digest=hashlib.sha256(canonical(content.model_dump(mode="json"))).digest())


def _content(body: bytes) -> AnyEvent:
    try:
        document = parse(body)
    except NotJson as error:
        raise Unreadable("not-json", f"the body is {error}") from error
    if found := unstorable(body, document):
        raise Unreadable("text-not-storable", f"a text holds a {found}")
    order = document.get("ticket_order")
    if not isinstance(order, dict):
        raise Unreadable("order-missing", "ticket_order is missing or not an object")
    try:
        content = _event(document, order)
        canonical(content.model_dump(mode="json"))
    except (ValidationError, RecursionError) as error:
        raise Unreadable("content-unreadable", f"a part cannot be kept: {type(error).__name__}") from error
    return content


def _event(document: dict[str, Any], order: dict[str, Any]) -> AnyEvent:
    """The category decides the type (inconsistency 10), whatever the status says (16)."""
    company = text_of(order.get("company_id"))
    if not company.strip():
        raise Unreadable("company-missing", "ticket_order.company_id is missing, empty, or neither text nor number")
    own = _number(order, "client_order_id")
    if not own:
        raise Unreadable("order-number-missing", "ticket_order.client_order_id is missing, empty, or not a text")
    category = text_of(order.get("category")).strip()
    if category not in CATEGORIES:
        seen = repr(category[:40]) if category else "missing or not a text"
        raise Unreadable("category-unknown", f"ticket_order.category is {seen}, none of the four")
    parent = _number(order, "client_parent_order_id")
    elements = objects(document.get("pnr"), "pnr") + objects(order.get("pnr"), "ticket_order.pnr")
    passengers, pnrs = read_pnrs(elements)
    extra = _extra(document, order, pnrs)
    first = parent or own
    match CATEGORIES[category]:
        case EventType.TICKETED:
            return _ticketed(own, company, passengers, extra=extra)
        case EventType.CHANGED:
            return OrderChanged(order_no=first, customer=company, document_no=own, passengers=passengers, extra=extra)
        case EventType.REFUNDED:
            return OrderRefunded(order_no=first, customer=company, document_no=own, passengers=passengers, extra=extra)
        case _:
            return _void(own, company, passengers, order_no=first, extra=extra)


def _number(order: dict[str, Any], name: str) -> str:
    number = text_of(order.get(name))
    if len(number) > MAX_ORDER_NUMBER:
        text = f"ticket_order.{name} has {len(number)} characters, more than {MAX_ORDER_NUMBER}"
        raise Unreadable("order-number-unusable", text)
    if _UNPRINTABLE.search(number):
        raise Unreadable("order-number-unusable", f"ticket_order.{name} holds a control character")
    return number if number.strip() else ""


def _ticketed(
    order_no: str, company: str, passengers: tuple[Passenger, ...], *, extra: dict[str, Any]
) -> OrderTicketed:
    if not passengers:
        raise Unreadable("passengers-missing", "pnr[].passenger is missing or empty: a ticketing order names nobody")
    return OrderTicketed(
        order_no=order_no, customer=company, order_status=TICKETED_STATUS, passengers=passengers, extra=extra
    )


def _void(
    own: str, company: str, passengers: tuple[Passenger, ...], *, order_no: str, extra: dict[str, Any]
) -> OrderVoid:
    """A void event has no passengers: whose tickets were voided is kept beside it, without their documents."""
    whose = [{"name": one.name, "ticket_numbers": list(one.ticket_numbers)} for one in passengers]
    return OrderVoid(
        order_no=order_no,
        customer=company,
        void_code=own,
        void_status=VOIDED,
        extra=extra | ({"passengers": whose} if whose else {}),
    )


def _extra(document: dict[str, Any], order: dict[str, Any], pnrs: list[dict[str, Any]]) -> dict[str, Any]:
    """Amounts as given, never recomputed (19); counts never compared (18); and what a person may want to look at."""
    kept = {name: value for name, value in order.items() if name not in _NOT_KEPT and value is not None}
    kept |= {name: decoded(kept[name]) for name in _IN_STRINGS if name in kept}
    currency = kept.get("foreign_currency_json")
    if isinstance(currency, dict) and "category" in currency:  # inconsistency 25
        kept["foreign_currency_json"] = {"Category" if k == "category" else k: v for k, v in currency.items()}
    if text_of(kept.get("supplier_order")).strip() in {"0", ""}:  # inconsistency 26
        kept.pop("supplier_order", None)
    fields = {name: value for name, value in document.items() if name not in {"ticket_order", "pnr"}}
    parts: dict[str, Any] = {"ticket_order": kept, "pnr": pnrs, "fields": fields, "warnings": _warnings(order)}
    return {name: part for name, part in parts.items() if part}


def _warnings(order: dict[str, Any]) -> list[str]:
    category = text_of(order.get("category")).strip()
    odd = [f"category-code-inferred:{category}"] if category in INFERRED_CODES else []
    odd += [f"time-unreadable:{name}" for name in _TIMES if (t := text_of(order.get(name)).strip()) and not is_time(t)]
    return odd
