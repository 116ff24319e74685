"""An `update_order` as a strict writer emits it (aerohub-update-order.md, "Inconsistencies", right column).

Nothing is bent to fit: what the context can supply is waited for, what it cannot fails the mapping. Neither says a
document number or a contact.
"""

import hashlib
from itertools import product
from typing import Any

import orjson

from dialects.aerohub.context import Context, Segment, complaints
from dialects.aerohub.credentials import Credentials
from dialects.aerohub.items import CARD_NO_LIMIT
from dialects.aerohub.tickets import Person, people
from dialects.contract import Call, CallbackToWrite, MissingContext, NotDeliverable
from dialects.lacking import Lacking
from schemas.events import TICKETED_STATUS, OrderRejected, OrderTicketed

SOURCE_TYPE = 1
"""Called by API (inconsistency 11)."""


class _Unmappable(ValueError):
    """A value has no wire form; the text names its field."""


def write(callback: CallbackToWrite) -> Call | NotDeliverable | MissingContext:
    """TICKETED with an item for each passenger and flight, or REJECTED with a reason; the whole order in one call."""
    event = callback.content
    if not isinstance(event, OrderTicketed | OrderRejected):
        return NotDeliverable(f"{event.type} has no wire form: the contract knows TICKETED and REJECTED only")
    wrong = complaints(callback.context or {})
    if wrong:
        return MissingContext(tuple(wrong))
    context = Context.model_validate(callback.context)
    credentials = Credentials.model_validate(callback.credentials)
    try:
        if isinstance(event, OrderTicketed):
            rest = _ticketed(event, callback, context, credentials=credentials)
        else:
            rest = {"orderStatus": "REJECTED", "sourceType": SOURCE_TYPE, "reason": credentials.reason_for(event)}
    except _Unmappable as error:
        return NotDeliverable(str(error))
    except Lacking as error:
        return MissingContext(error.fields)
    head = {
        "apiKey": credentials.apiKey,
        "requestId": _request_id(callback, same_on_retry=credentials.same_request_id_on_retry),
        "purchaseOrderNo": context.purchaseOrderNo,
    }
    try:
        body = orjson.dumps(head | rest)
    except TypeError:
        return NotDeliverable("a text holds half of a surrogate pair, which UTF-8 cannot carry")
    return Call(url=callback.url, headers={"content-type": "application/json"}, body=body)


def _request_id(callback: CallbackToWrite, *, same_on_retry: bool) -> str:
    """32 hexadecimal digits, new for each call unless the partner wants otherwise (inconsistencies 2 and 3)."""
    named = callback.callback_id.hex if same_on_retry else f"{callback.callback_id.hex}.{callback.attempt}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _ticketed(
    event: OrderTicketed, callback: CallbackToWrite, context: Context, *, credentials: Credentials
) -> dict[str, Any]:
    """Keys in the order of example 10."""
    if event.order_status != TICKETED_STATUS:
        raise _Unmappable(f"order_status is {event.order_status}; TICKETED is for {TICKETED_STATUS} only")
    if not event.passengers:
        raise _Unmappable("passengers is empty; TICKETED needs at least one item")
    time = context.ticketingTime or int(callback.event_time.timestamp())
    flights = sorted(context.segments, key=lambda segment: (segment.segmentNo, segment.sequence))
    items: list[dict[str, Any]] = []
    lacking: list[str] = []
    for person, flight in product(people(event.passengers, context.passengers), flights):
        try:
            items.append(_item(person, flight, context, credentials=credentials, time=time))
        except Lacking as error:
            lacking.extend(error.fields)
    if lacking:
        raise Lacking(*dict.fromkeys(lacking))
    return {"orderStatus": "TICKETED", "sourceType": SOURCE_TYPE, "reason": "", "ticketNoItems": items}


def _item(person: Person, segment: Segment, context: Context, *, credentials: Credentials, time: int) -> dict[str, Any]:
    card_no = person.card_no()
    if len(card_no) > CARD_NO_LIMIT and not credentials.allow_long_card_no:
        text = f"{person.place}.cardNo has {len(card_no)} characters, more than {CARD_NO_LIMIT}"
        raise _Unmappable(f"{text}; allow_long_card_no lets it pass")
    contact = {name: getattr(context, name) for name in ("contactName", "contactEmail", "contactMobile")}
    return {
        "passengerName": person.name(),
        "flightNumber": segment.flightNumber,
        "cardNo": card_no,
        **person.ticket(segment),
        "segmentNo": segment.segmentNo,
        "sequence": segment.sequence,
        "depAirport": segment.depAirport,
        "arrAirport": segment.arrAirport,
        "ticketingTime": segment.ticketingTime or time,
        "accountName": credentials.accountName,
        "accountPass": credentials.accountPass,
        **{name: value for name, value in contact.items() if value},
    }
