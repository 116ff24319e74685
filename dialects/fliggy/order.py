"""A TOP call as a canonical event: all that can be wrong with it is found here, both when it comes and when it is read.

What the canonical event has no field for is kept in `extra` as it came. TOP's own parameters are transport: they
change with every repeat, and are in the stored body.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from dialects.fliggy.fields import check_order, flag, objects
from dialects.fliggy.parameters import METHOD, ORDER
from dialects.fliggy.platform_errors import PlatformError, Refusal
from dialects.json_document import NotJson, parse, scalar_text, unstorable
from schemas.events import TICKETED_STATUS, OrderRejected, OrderTicketed, Passenger

FORMATS = ("xml", "json")
MAX_DEPTH = 64
"""Levels of an order that are kept: the contract has five, and what keeps events cannot take any number."""


def read_order(parameters: Mapping[str, str]) -> OrderTicketed | OrderRejected:
    """The event of a call; raises Refusal."""
    _check_call(parameters)
    order = _order(parameters.get(ORDER, ""))
    check_order(order)
    # null and missing are the same (contracts/README.md, "Rules that hold for all five", 1)
    given = {name: value for name, value in _with_attributes(order).items() if value is not None}
    return _ticketed(given) if flag(given.pop("success")) else _rejected(given)


def _check_call(parameters: Mapping[str, str]) -> None:
    """TOP's own parameters, as far as they are not proof of the caller's identity."""
    method = parameters.get("method", "")
    if not method:
        raise Refusal("method-wrong", PlatformError.MISSING_METHOD, "method is missing")
    if method != METHOD:
        raise Refusal("method-wrong", PlatformError.INVALID_METHOD, f"method is {method[:60]!r}, not {METHOD}")
    if parameters.get("v", "") not in {"", "2.0"}:
        raise Refusal("argument-invalid", PlatformError.UNSUPPORTED_VERSION, "v is not 2.0")
    if parameters.get("format", "") not in {"", *FORMATS}:
        raise Refusal("argument-invalid", PlatformError.INVALID_FORMAT, "format is neither xml nor json")


def _order(text: str) -> dict[str, Any]:
    if not text.strip():
        # the table calls it optional, but without it there is nothing to do (inconsistency 2)
        raise Refusal("argument-missing", PlatformError.MISSING_ARGUMENT, f"{ORDER} is missing")
    try:
        body = text.encode()
        order = parse(body)
    except UnicodeEncodeError:
        raise Refusal("text-not-storable", PlatformError.INVALID_ARGUMENT, f"{ORDER} holds half a character") from None
    except NotJson as error:
        raise Refusal("not-json", PlatformError.INVALID_ARGUMENT, f"{ORDER} is {error}") from None
    if found := unstorable(body, order):
        raise Refusal("text-not-storable", PlatformError.INVALID_ARGUMENT, f"a text in {ORDER} holds a {found}")
    if _deeper(order, MAX_DEPTH):
        detail = f"{ORDER} is nested deeper than {MAX_DEPTH} levels"
        raise Refusal("content-unreadable", PlatformError.INVALID_ARGUMENT, detail)
    return order


def _deeper(value: object, levels: int) -> bool:
    level: list[object] = [value]
    for _ in range(levels):
        level = [inner for holder in level for inner in _inside(holder)]
    return bool(level)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _with_attributes(order: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose attributes, of the order and of all tickets, are objects where their text is one (7)."""
    found = _with_ticket_attributes(order)
    if "order_attr" in found:
        found["order_attr"] = _attributes(found["order_attr"])
    if passengers := objects(order, "passenger_list"):
        found["passenger_list"] = [_with_ticket_attributes(passenger) for passenger in passengers]
    return found


def _with_ticket_attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    tickets = [
        ticket | {"ext_attr": _attributes(ticket["ext_attr"])} if "ext_attr" in ticket else ticket
        for ticket in objects(holder, "ticket_list")
    ]
    return {**holder, "ticket_list": tickets} if tickets else dict(holder)


def _attributes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        body = value.encode()
        attributes = parse(body)
    except NotJson:
        return value
    return value if unstorable(body, attributes) or _deeper(attributes, MAX_DEPTH) else attributes


def _ticketed(order: dict[str, Any]) -> OrderTicketed:
    """The first success is final ("Semantics"). Without passengers the result is the order's alone (10)."""
    warnings = _warnings(order)
    infos = objects(order, "passenger_list")
    extra = {name: value for name, value in order.items() if name not in {"alitrip_order_id", "passenger_list"}}
    only = len(infos) == 1 and not objects(infos[0], "ticket_list")
    # tickets beside the passengers (1) are theirs whose they are without guessing: those of the only passenger
    orphans = objects(order, "ticket_list") if only else []
    return OrderTicketed(
        order_no=str(order["alitrip_order_id"]),
        order_status=TICKETED_STATUS,
        passengers=tuple(_passenger(info, orphans) for info in infos),
        final=True,
        extra=extra | ({"reader_warnings": warnings} if warnings else {}),
    )


def _rejected(order: dict[str, Any]) -> OrderRejected:
    """`message` is the only text there is; what tickets and passengers are listed stay as they came."""
    return OrderRejected(
        order_no=str(order["alitrip_order_id"]),
        reason=scalar_text(order.get("message")) or "",
        code=scalar_text(order.get("failed_code")) or "",
        extra={name: value for name, value in order.items() if name not in {"alitrip_order_id", "failed_code"}},
    )


_FIELDS = {
    "passenger_name": "name",
    "passenger_cert_no": "document_number",
    "passenger_cert_type": "document_type",
}


def _passenger(info: Mapping[str, Any], orphans: list[dict[str, Any]]) -> Passenger:
    """One number for each ticket that has any, the electronic one first (9); the tickets themselves are in `extra`."""
    tickets = objects(info, "ticket_list") or orphans
    numbers = [scalar_text(ticket.get("e_ticket_no")) or scalar_text(ticket.get("ticket_no")) for ticket in tickets]
    return Passenger(
        **{ours: scalar_text(info.get(theirs)) or "" for theirs, ours in _FIELDS.items()},
        ticket_numbers=tuple(number for number in numbers if number and number.strip()),
        extra={name: value for name, value in info.items() if name not in _FIELDS and value is not None},
    )


def _warnings(order: Mapping[str, Any]) -> list[Any]:
    """Counts and totals that do not fit are taken, with a warning (5)."""
    holders = [order, *objects(order, "passenger_list")]
    tickets = [ticket for holder in holders for ticket in objects(holder, "ticket_list")]
    count, total = _number(order.get("ticket_count")), _number(order.get("total_price"))
    warnings = []
    if count is not None and count != len(tickets):
        warnings.append("ticket_count is not the number of tickets")
    prices = [price for ticket in tickets if (price := _number(ticket["ticket_price"])) is not None]
    if total is not None and prices and total != sum(prices):
        warnings.append("total_price is not the sum of the ticket prices")
    return warnings


def _number(value: object) -> Decimal | None:
    text = scalar_text(value)
    return Decimal(text.strip()) if text and text.strip() else None
