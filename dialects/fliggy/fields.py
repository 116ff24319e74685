"""What `confirm_book_r_q` may hold, as a tolerant reader takes it (fliggy-ship-order-notify.md, "Fields" and
"Inconsistencies", third column).

Only shapes are checked: codes are opaque texts (11, 12), numbers have no pattern or checksum (13), unknown fields pass.
A missing field, null and an optional list that is empty are the same.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dialects.fliggy.parameters import ORDER
from dialects.fliggy.platform_errors import PlatformError, Refusal
from dialects.json_document import scalar_text

MAX_ORDER_NUMBER = 256
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_AMOUNT = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]+)?\s*", re.ASCII)


def _text(value: object) -> str:
    return "" if scalar_text(value) is not None else "is neither text nor number"


def _identifier(value: object) -> str:
    """A text or an integer: never by way of floating point (8)."""
    if isinstance(value, float) or scalar_text(value) is None:
        return "is neither text nor whole number"
    text = str(value)
    if len(text) > MAX_ORDER_NUMBER:
        return f"has {len(text)} characters, more than {MAX_ORDER_NUMBER}"
    return "holds a control character or half a character" if _UNPRINTABLE.search(text) else ""


def _whole(value: object) -> str:
    text = scalar_text(value)
    return "" if text is not None and _WHOLE.fullmatch(text) else "is not a whole number"


def _amount(value: object) -> str:
    """A number; with decimals too, for the unit of the total is not stated (5)."""
    if isinstance(value, float):
        return ""
    text = scalar_text(value)
    return "" if text is not None and _AMOUNT.fullmatch(text) else "is not a number"


def _attributes(value: object) -> str:
    """Any text, or an object (7)."""
    return "" if isinstance(value, dict) or scalar_text(value) is not None else "is neither text nor object"


def _flag(value: object) -> str:
    return "" if flag(value) is not None else "is neither true nor false"


def flag(value: object) -> bool | None:
    """A Boolean, also as text: form-minded clients print it."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


Check = Callable[[object], str]

_ORDER: Mapping[str, Check] = {
    "agent_order_id": _identifier, "alitrip_order_id": _identifier, "success": _flag,
    "fetch_tickets_address": _text, "fetch_tickets_number": _text, "fetch_tickets_pwd": _text,
    "main_biz_order_id": _whole, "message": _text, "order_attr": _attributes, "ticket_count": _whole,
    "ticket_wicket": _text, "total_price": _amount, "failed_code": _text,
}  # fmt: skip
_PASSENGER: Mapping[str, Check] = {
    "passenger_cert_no": _text, "passenger_cert_type": _text, "passenger_id": _text, "passenger_name": _text,
}  # fmt: skip
_TICKET: Mapping[str, Check] = {
    "ticket_id": _text, "ticket_price": _amount, "ticket_type": _text,
    "e_ticket_no": _text, "ticket_desc": _text, "ticket_no": _text, "ticket_pwd": _text, "ticket_seat_no": _text,
    "ticket_status": _text, "ticket_sub_type": _text, "ticket_title": _text, "ext_attr": _attributes,
    "expire_time": _text,
}  # fmt: skip
_ORDER_REQUIRED = ("agent_order_id", "alitrip_order_id", "success")
_TICKET_REQUIRED = ("ticket_id", "ticket_price", "ticket_type")


def check_order(order: Mapping[str, Any]) -> None:
    """Raise Refusal, naming the first field that is wrong; values are not repeated."""
    _check(order, ORDER, _ORDER, _ORDER_REQUIRED)
    _check_tickets(order, ORDER)
    for place, passenger in enumerate(objects(order, "passenger_list", ORDER)):
        where = f"{ORDER}.passenger_list[{place}]"
        _check(passenger, where, _PASSENGER, ())
        _check_tickets(passenger, where)


def objects(holder: Mapping[str, Any], name: str, where: str = "") -> list[dict[str, Any]]:
    """A list of objects, empty when there is none; raises Refusal."""
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
        raise _invalid(f"{where}.{name} is not a list of objects")
    return value


def _check_tickets(holder: Mapping[str, Any], where: str) -> None:
    for place, ticket in enumerate(objects(holder, "ticket_list", where)):
        _check(ticket, f"{where}.ticket_list[{place}]", _TICKET, _TICKET_REQUIRED)


def _check(values: Mapping[str, Any], where: str, checks: Mapping[str, Check], required: tuple[str, ...]) -> None:
    for name, check in checks.items():
        value = values.get(name)
        empty = value is None or (isinstance(value, str) and not value.strip())
        if empty and name in required:
            raise Refusal("argument-missing", PlatformError.MISSING_ARGUMENT, f"{where}.{name} is missing or empty")
        if not empty and (wrong := check(value)):
            raise _invalid(f"{where}.{name} {wrong}")


def _invalid(detail: str) -> Refusal:
    return Refusal("argument-invalid", PlatformError.INVALID_ARGUMENT, detail)
