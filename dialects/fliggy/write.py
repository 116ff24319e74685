"""The back-fill call as a strict writer emits it (fliggy-ship-order-notify.md, "Inconsistencies", last column).

Every attempt says the same; only timestamp and sign differ. Nothing is bent to fit, and nothing cut.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import ValidationError

from dialects.contract import Call, CallbackToWrite, MissingContext, NotDeliverable
from dialects.fliggy.parameters import METHOD, ORDER
from dialects.fliggy.passengers import Lacking, Unmappable, attributes, write_passengers
from dialects.fliggy.settings import Credentials, OrderContext, check_context, check_credentials
from dialects.fliggy.signature import sign
from schemas.events import TICKETED_STATUS, OrderRejected, OrderTicketed

EVENT_TYPES = (OrderTicketed, OrderRejected)
_CHINA = timezone(timedelta(hours=8))
_FROZEN = (
    "the platform has said yes to an earlier call for this order, which froze it: later calls return that first"
    " result and update nothing"
)


def write(callback: CallbackToWrite) -> Call | NotDeliverable | MissingContext:
    """The signed form for this attempt."""
    content = callback.content
    if not isinstance(content, EVENT_TYPES):
        return NotDeliverable(f"{content.type} has no wire form: the call knows tickets issued, or not issued")
    if callback.delivered_before:
        return NotDeliverable(_FROZEN)
    if wrong := check_credentials(callback.credentials):
        return NotDeliverable("; ".join(wrong))
    credentials = Credentials.model_validate(dict(callback.credentials))
    try:
        order = _order(content, _context(content, callback.context), credentials)
        body = _form(order, credentials, now=callback.now)
    except Lacking as lacking:
        return MissingContext(lacking.fields)
    except Unmappable as error:
        return NotDeliverable(str(error))
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return Call(url=callback.url, headers=headers, body=body)


def _context(content: OrderTicketed | OrderRejected, given: Mapping[str, Any] | None) -> OrderContext:
    needed = ["alitrip_order_id", "agent_order_id"]
    if isinstance(content, OrderTicketed):
        needed.append("passenger_list")
    if lacking := [name for name in needed if not (given or {}).get(name)]:
        raise Lacking(lacking)
    try:
        return OrderContext.model_validate(dict(given or {}))
    except ValidationError:
        raise Lacking(check_context(given or {})) from None


def _order(content: OrderTicketed | OrderRejected, context: OrderContext, credentials: Credentials) -> dict[str, Any]:
    """`confirm_book_r_q`, with the document's names (3) in the order of example 07."""
    order = (
        _rejected(content, credentials)
        if isinstance(content, OrderRejected)
        else _ticketed(content, context, credentials)
    )
    ids = {"agent_order_id": context.agent_order_id, "alitrip_order_id": context.alitrip_order_id}
    whole = ids | {"main_biz_order_id": context.main_biz_order_id} | order
    return {name: value for name, value in whole.items() if value is not None}


def _ticketed(content: OrderTicketed, context: OrderContext, credentials: Credentials) -> dict[str, Any]:
    """Both lists, ticket_count as counted, and no failed_code (4, 5, 10)."""
    if content.order_status != TICKETED_STATUS:
        raise Unmappable(f"order_status is {content.order_status}; only an issued order ({TICKETED_STATUS}) is told")
    if not content.passengers:
        raise Unmappable("passengers is empty; a success lists its passengers and their tickets")
    passengers = write_passengers(content.passengers, context.passenger_list, credentials)
    return {
        "fetch_tickets_address": context.fetch_tickets_address,
        "fetch_tickets_number": context.fetch_tickets_number,
        "fetch_tickets_pwd": context.fetch_tickets_pwd,
        "message": context.message,
        "order_attr": attributes(context.order_attr),
        "passenger_list": passengers,
        "success": True,
        "ticket_count": sum(len(passenger["ticket_list"]) for passenger in passengers),
        "ticket_wicket": context.ticket_wicket,
        "total_price": context.total_price,
    }


def _rejected(content: OrderRejected, credentials: Credentials) -> dict[str, Any]:
    """No tickets, and always a failed_code, from the partner's list: by our code, else by our reason (6).

    `message` is not used for the reason: the platform sends it on to the traveller.
    """
    codes = credentials.failed_codes
    failed_code = codes.get(content.code) or codes.get(content.reason) or codes.get("default")
    if failed_code is None:
        raise Unmappable(f"code {content.code[:60]!r} is not in credentials.failed_codes, which has no default either")
    return {"success": False, "ticket_count": 0, "failed_code": failed_code}


def _form(order: Mapping[str, Any], credentials: Credentials, *, now: datetime) -> bytes:
    parameters = {
        "method": METHOD,
        "app_key": credentials.app_key,
        **({"session": credentials.session} if credentials.session else {}),
        "timestamp": now.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        "format": credentials.format,
        "v": "2.0",
        "sign_method": credentials.sign_method,
        ORDER: orjson.dumps(order).decode(),
    }
    signature = sign(parameters, secret=credentials.secret, sign_method=credentials.sign_method)
    return urlencode(parameters | {"sign": signature}).encode()
