"""The platform's own side of `alitrip.ship.order.notify`, as strict as fliggy-ship-order-notify.md.

What is wrong with the call is an `error_response`; what was understood is `ret_success`. All tickets of a call are
taken or none. After the first success every later call is answered with that first result, whatever it says
("Semantics").
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from dialects.contract import Heard, InboundRequest, Reply
from dialects.field_table import NotTheFormat, Row, faults, same_words, strict_object

_METHOD = "alitrip.ship.order.notify"
_ORDER = "confirm_book_r_q"
_REQUIRED = ("method", "app_key", "session", "timestamp", "v", "sign_method", "sign")
_MISSING = {"method": 21, "sign": 24, "session": 26, "app_key": 28, "timestamp": 30, "v": 32, "sign_method": 40}
_KNOWN = frozenset({*_REQUIRED, "format", "simplify", _ORDER})
_MESSAGES = {
    9: "Http Action Not Allowed", 21: "Missing Method", 22: "Invalid Method", 23: "Invalid Format",
    24: "Missing Signature", 25: "Invalid Signature", 26: "Missing Session", 27: "Invalid Session",
    28: "Missing App Key", 29: "Invalid App Key", 30: "Missing Timestamp", 31: "Invalid Timestamp",
    32: "Missing Version", 34: "Unsupported Version", 40: "Missing Required Arguments", 41: "Invalid Arguments",
    43: "Parameter Error",
}  # fmt: skip
_WINDOW = timedelta(minutes=10)

_OPTIONAL = Row(required=False)
_NUMBER = Row("whole", required=False, form=r"-?[0-9]{1,19}")
_TICKET: Mapping[str, Row] = {
    "e_ticket_no": _OPTIONAL,
    "ticket_desc": _OPTIONAL,
    "ticket_id": Row(),
    "ticket_no": _OPTIONAL,
    "ticket_price": Row("whole", form=r"[0-9]{1,19}"),
    "ticket_pwd": _OPTIONAL,
    "ticket_seat_no": _OPTIONAL,
    "ticket_status": Row(required=False, values=frozenset("123456")),
    "ticket_sub_type": Row(required=False, values=frozenset({"11", "12", "21", "31"})),
    "ticket_title": _OPTIONAL,
    "ticket_type": Row(values=frozenset("1234")),
    "ext_attr": _OPTIONAL,
    "expire_time": Row(required=False, form=r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"),
}
_PASSENGER: Mapping[str, Row] = {
    "passenger_cert_no": _OPTIONAL,
    "passenger_cert_type": _OPTIONAL,
    "passenger_id": _OPTIONAL,
    "passenger_name": _OPTIONAL,
    "ticket_list": Row("objects", required=False, rows=_TICKET),
}
_FIELDS: Mapping[str, Row] = {
    "agent_order_id": Row(),
    "alitrip_order_id": Row(),
    "fetch_tickets_address": _OPTIONAL,
    "fetch_tickets_number": _OPTIONAL,
    "fetch_tickets_pwd": _OPTIONAL,
    "main_biz_order_id": _NUMBER,
    "message": _OPTIONAL,
    "order_attr": _OPTIONAL,
    "passenger_list": Row("objects", required=False, rows=_PASSENGER),
    "success": Row("flag"),
    "ticket_count": _NUMBER,
    "ticket_wicket": _OPTIONAL,
    "total_price": _NUMBER,
    "failed_code": _OPTIONAL,
}


class _Refused(Exception):
    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class FliggyPartner:
    """Holds, by `alitrip_order_id`, the first success: its content and the result it was answered."""

    name = "fliggy"
    path = "/router/rest"

    def credentials(self, secret: str) -> Mapping[str, Any]:
        return {"app_key": "12345678", "secret": secret, "session": "test"}

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        given: dict[str, str] = {}
        order = ""
        try:
            given = _parameters(call)
            _check_common(given, credentials=credentials, now=call.received_at)
            message = _message(given)
            order = str(message.get("alitrip_order_id") or "")[:80]
            if order in held:
                return _again(order, message, first=json.loads(held[order]), asked=given)
            _check_order(message)
        except _Refused as refused:
            reply = _error(refused, asked=given)
            return Heard(accepted=False, verdict=f"refused: {refused.code} {refused}", reply=reply, order=order)
        return _first(order, message, asked=given)

    def refuse(self, call: InboundRequest) -> Reply:
        """Example 08."""
        try:
            asked = _parameters(call)
        except _Refused:
            asked = {}
        return _result({"ret_code": "demo", "ret_msg": "demo", "ret_success": False}, asked=asked)


def signature(parameters: Mapping[str, str], *, secret: str) -> str:
    """By the rule of "Beyond the document", "Signature"; raises KeyError for an unknown `sign_method`."""
    text = "".join(name + parameters[name] for name in sorted(parameters) if name != "sign" and parameters[name])
    key = secret.encode()
    digests = {
        "md5": lambda: hashlib.md5(key + text.encode() + key, usedforsecurity=False).hexdigest(),
        "hmac": lambda: hmac.new(key, text.encode(), "md5").hexdigest(),
        "hmac-sha256": lambda: hmac.new(key, text.encode(), "sha256").hexdigest(),
    }
    return digests[parameters["sign_method"]]().upper()


def _parameters(call: InboundRequest) -> dict[str, str]:
    """A UTF-8 form, sent by POST; each parameter once."""
    if call.method != "POST":
        raise _Refused(9, f"the method is {call.method}, not POST")
    kind, *rest = (part.strip().lower() for part in call.headers.get("content-type", "").split(";"))
    if kind != "application/x-www-form-urlencoded" or any(one != "charset=utf-8" for one in rest):
        raise _Refused(43, "the content type is no form in UTF-8")
    try:
        pairs = parse_qsl(call.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise _Refused(43, "the body is no URL-encoded form") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise _Refused(43, "a parameter is given twice")
    return given


def _check_common(given: Mapping[str, str], *, credentials: Mapping[str, Any], now: datetime) -> None:
    """The table of TOP's own parameters, each by its own error code."""
    if unknown := sorted(set(given) - _KNOWN):
        raise _Refused(43, f"{unknown[0][:40]} is no parameter of this call")
    for name in _REQUIRED:
        if not given.get(name) and not (name == "session" and not credentials.get("session")):
            raise _Refused(_MISSING[name], f"{name} is missing")
    for name, allowed, code in (
        ("method", {_METHOD}, 22),
        ("app_key", {credentials["app_key"]}, 29),
        ("v", {"2.0"}, 34),
        ("format", {None, "", "xml", "json"}, 23),
        ("sign_method", {"md5", "hmac", "hmac-sha256"}, 41),
    ):
        if given.get(name) not in allowed:
            raise _Refused(code, f"{name} is none that is known")
    _check_timestamp(given["timestamp"], now)
    if given["sign"] != signature(given, secret=credentials["secret"]):
        raise _Refused(25, f"sign is not the {given['sign_method']} of this call")
    if credentials.get("session") and given["session"] != credentials["session"]:
        raise _Refused(27, "session is not known")


def _check_timestamp(text: str, now: datetime) -> None:
    try:
        moment = datetime.strptime(f"{text} +0800", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise _Refused(31, "timestamp is not yyyy-MM-dd HH:mm:ss") from None
    if re.fullmatch(r"[0-9-]{10} [0-9:]{8}", text) is None or abs(now - moment) > _WINDOW:
        raise _Refused(31, "timestamp, at GMT+8, is more than 10 minutes off")


def _message(given: Mapping[str, str]) -> dict[str, Any]:
    if not given.get(_ORDER):
        raise _Refused(40, f"{_ORDER} is missing")  # inconsistency 2
    try:
        return strict_object(given[_ORDER])
    except NotTheFormat as error:
        raise _Refused(41, f"{_ORDER}: {error}") from None


def _check_order(message: Mapping[str, Any]) -> None:
    found = list(faults(message, _FIELDS, f"{_ORDER}.")) or list(_contradictions(message))
    if found:
        raise _Refused(40 if any(one.endswith("is missing") for one in found) else 41, "; ".join(found))


def _tickets(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [ticket for one in message.get("passenger_list", ()) for ticket in one.get("ticket_list", ())]


def _contradictions(message: Mapping[str, Any]) -> Iterator[str]:
    ids = [ticket["ticket_id"] for ticket in _tickets(message)]
    if len(set(ids)) < len(ids):
        yield "ticket_id is given twice: it tells the tickets apart"  # "Beyond the document", "Nesting"
    for ticket in _tickets(message):
        try:
            datetime.strptime(ticket.get("expire_time") or "2000-01-01 00:00:00", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        except ValueError:
            yield "expire_time is no date and time"


def _remarks(message: Mapping[str, Any]) -> Iterator[str]:
    """What a strict writer emits: inconsistencies 4 to 7, 9 and 10, right column."""
    tickets = _tickets(message)
    if message["success"]:
        if not tickets or not all(one.get("ticket_list") for one in message["passenger_list"]):
            yield "success without a ticket for every passenger"
        if message.get("failed_code"):
            yield "success with a failed_code"
        if not all(ticket.get("ticket_no") or ticket.get("e_ticket_no") for ticket in tickets):
            yield "a ticket has neither ticket_no nor e_ticket_no"
    elif not message.get("failed_code"):
        yield "no failed_code, though success is false"
    if any(ticket.get("ticket_status") != ("2" if message["success"] else "3") for ticket in tickets):
        yield "ticket_status contradicts success"
    if message.get("ticket_count", len(tickets)) != len(tickets):
        yield f"ticket_count is not {len(tickets)}, the number of tickets"
    for holder, name in [(message, "order_attr"), *((ticket, "ext_attr") for ticket in tickets)]:
        if name in holder and not _holds_object(holder[name]):
            yield f"{name} holds no JSON object"


def _holds_object(text: str) -> bool:
    try:
        strict_object(text)
    except NotTheFormat:
        return False
    return True


def _first(order: str, message: Mapping[str, Any], *, asked: Mapping[str, str]) -> Heard:
    result = {"ret_code": "0", "ret_msg": f"{len(_tickets(message))} tickets filled in", "ret_success": True}
    return Heard(
        accepted=True,
        verdict="accepted" if message["success"] else "accepted: ticketing failed",
        reply=_result(result, asked=asked),
        order=order,
        remarks=tuple(_remarks(message)),
        remember={order: json.dumps({"content": same_words(message), "result": result})},
    )


def _again(order: str, message: Mapping[str, Any], *, first: Mapping[str, Any], asked: Mapping[str, str]) -> Heard:
    same = first["content"] == same_words(message)
    verdict = "answered with the first result" + ("" if same else "; another content, nothing updated")
    return Heard(accepted=True, verdict=verdict, reply=_result(first["result"], asked=asked), order=order)


def _error(refused: _Refused, *, asked: Mapping[str, str]) -> Reply:
    sub_code = "isv.missing-parameter" if refused.code == 40 else "isv.invalid-parameter"
    fields = {"code": refused.code, "msg": _MESSAGES[refused.code], "sub_code": sub_code, "sub_msg": str(refused)}
    return _worded("error_response", fields, asked=asked)


def _result(fields: Mapping[str, object], *, asked: Mapping[str, str]) -> Reply:
    return _worded("alitrip_ship_order_notify_response", fields, asked=asked)


def _worded(root: str, fields: Mapping[str, object], *, asked: Mapping[str, str]) -> Reply:
    if asked.get("format") == "json":
        return Reply(200, json.dumps({root: fields}, ensure_ascii=False).encode())
    inner = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in fields.items())
    return Reply(200, f"<{root}>{inner}</{root}>".encode("utf-8", "replace"), "text/xml;charset=utf-8")


def _xml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
