"""A `ticket_order` as a strict writer emits it (datacentre-ticket-order.md, "Contradictions", right column).

Every scalar is a string, every field of the tables is there. What the context can supply is waited for; what it cannot
fails the mapping. Neither says a document number, a contact or a secret.
"""

import json
from datetime import datetime
from typing import Any, assert_never

from dialects.contract import Call, CallbackToWrite, MissingContext, NotDeliverable
from dialects.datacentre.authenticity import token
from dialects.datacentre.code_tables import CATEGORY_NAMES
from dialects.datacentre.context import DOCUMENTS, Document, complaints, merged
from dialects.datacentre.credentials import Credentials
from dialects.datacentre.travellers import people
from dialects.datacentre.write_pnr import write_pnrs
from dialects.datacentre.written_times import to_second
from dialects.lacking import Lacking
from schemas.events import (
    TICKETED_STATUS,
    AnyEvent,
    OrderChanged,
    OrderRefunded,
    OrderRejected,
    OrderTicketed,
    OrderVoid,
)

ISSUED = "1"
"""The only status that the document defines (inconsistency 16)."""

VOIDED_STATUSES = frozenset({2, 5})
"""Done, by the airline's word or with the refund on its way; every other is a void under way, or none."""


def write(callback: CallbackToWrite) -> Call | NotDeliverable | MissingContext:
    """The whole order in one call; without its context it waits."""
    credentials = Credentials.model_validate(callback.credentials)
    if reason := _undeliverable(callback.content, credentials):
        return NotDeliverable(reason)
    context = callback.context or {}
    if wrong := complaints(context):
        return MissingContext(tuple(wrong))
    number = _document_no(callback.content)
    if number is not None and number not in context.get(DOCUMENTS, {}):
        return MissingContext((f"{DOCUMENTS}[{number!r}]",))
    document, ticketing = (Document.model_validate(merged(context, one)) for one in (number, None))
    try:
        message = _message(callback, document, original=ticketing, credentials=credentials)
    except Lacking as error:
        return MissingContext(error.fields)
    try:
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return NotDeliverable("a text holds half of a surrogate pair, which UTF-8 cannot carry")
    return Call(url=callback.url, headers={"content-type": "application/json"}, body=body)


def _undeliverable(event: AnyEvent, credentials: Credentials) -> str:
    """Why the event has no wire form for this partner; empty when it has one."""
    match event:
        case OrderRejected():
            return f"{event.type} has no wire form: the contract knows no rejection"
        case OrderTicketed() if event.order_status != TICKETED_STATUS:
            return f"order_status is {event.order_status}; a ticketing order is for {TICKETED_STATUS} only"
        case OrderVoid() if event.void_status not in VOIDED_STATUSES:
            return f"void_status {event.void_status} has no wire form: a void order tells of a void that is done"
        case OrderTicketed() | OrderVoid() | OrderChanged() | OrderRefunded():
            if not credentials.agreed(event.type):
                return f"partner has not agreed to {CATEGORY_NAMES[event.type]}: see the setting categories"
            return ""
        case _:
            assert_never(event)


def _document_no(event: AnyEvent) -> str | None:
    """The number of a document beside the ticketing order, which is the order's own."""
    match event:
        case OrderVoid():
            return event.void_code
        case OrderChanged() | OrderRefunded():
            return event.document_no
        case _:
            return None


def _message(
    callback: CallbackToWrite, document: Document, *, original: Document, credentials: Credentials
) -> dict[str, Any]:
    event = callback.content
    original_no = original.client_order_id or event.order_no
    number = _document_no(event)
    passengers = () if isinstance(event, OrderVoid | OrderRejected) else event.passengers
    group = people(passengers, document.passenger)
    head = {
        "company_id": credentials.company_id,
        "token": "",
        "category": credentials.category(event.type),
        "status": ISSUED,
        "client_order_id": original_no if number is None else number,
        "client_parent_order_id": "" if number is None else original_no,  # inconsistency 17
    }
    order = head | _order(document, callback.event_time, people=len(group), credentials=credentials)
    order["token"] = token(
        company_id=order["company_id"],
        client_order_id=order["client_order_id"],
        create_time=order["create_time"],
        password=credentials.password,
    )
    message = {"ticket_order": order, "pnr": write_pnrs(group, document, credentials)}
    return _in_strings(message) if credentials.json_in_strings else message


def _order(document: Document, event_time: datetime, *, people: int, credentials: Credentials) -> dict[str, Any]:
    """Keys in the order of example 13."""
    issued = datetime.fromisoformat(document.issue_time) if document.issue_time else event_time
    waited = datetime.fromisoformat(document.desk_issue_time) if document.desk_issue_time else None
    currency = document.foreign_currency_json
    return {
        "title": document.title,
        "type": credentials.order_type(document.type),
        "customer": document.customer.model_dump(),
        "creator": document.creator.model_dump(),
        "create_time": to_second(datetime.fromisoformat(document.create_time), credentials.zone),
        "issue_time": to_second(issued, credentials.zone),
        "supplier_id": document.supplier_id,
        "supplier_name": document.supplier_name,
        "supplier_type": document.supplier_type,
        "gross_profit": document.gross_profit,
        "passenger_number": str(people),  # inconsistency 18
        "capital_account_id": document.capital_account_id,
        "capital_account_name": document.capital_account_name,
        "offer": document.offer,
        "payment_amount": document.payment_amount,
        "return_amount": document.return_amount,
        "adjust_amount": document.adjust_amount,
        "supplier_order": "" if document.supplier_order == "0" else document.supplier_order,  # inconsistency 26
        "adjust_price_remark": document.adjust_price_remark,
        "desk_issue_time": to_second(waited, credentials.zone) if waited else "",
        "foreign_currency_json": currency.model_dump() if currency else {"amount": "0", "Category": ""},
        "issue_receivable": document.issue_receivable,
        "issue_payable": document.issue_payable,
        "sales": document.sales.model_dump(),
        "issuer": document.issuer.model_dump(),
    }


def _in_strings(message: dict[str, Any]) -> dict[str, Any]:
    """Five fields as texts of JSON, spaced as example 13 has them (inconsistency 9)."""
    order = message["ticket_order"]
    order |= {name: _text(order[name]) for name in ("customer", "creator")}
    for element in message["pnr"]:
        element |= {name: _text(element[name]) for name in ("segment", "price")}
        for passenger in element["passenger"]:
            passenger["ticket_numbers"] = _text(passenger["ticket_numbers"])
    return message


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
