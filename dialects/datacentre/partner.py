"""The data centre's own side of `ticket_order`, as strict as datacentre-ticket-order.md.

The document gives no required flags: every field of its tables is asked for, since its sample has them all. Where table
and sample contradict each other both forms are taken (9 to 11). The URL is "to be determined" (L14), so the path is
ours.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dialects.contract import Heard, InboundRequest, Reply
from dialects.field_table import NotTheFormat, Row, faults, same_words, strict_object

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER = Row(form=r"-?[0-9]+(\.[0-9]+)?")
_COUNT = Row(form=r"[0-9]+")
_TEXT = Row(empty_allowed=True)
_DAY = Row(form=_DATE, empty_allowed=True)
_MINUTE = Row(form=rf"{_DATE} [0-9]{{2}}:[0-9]{{2}}")
_SECOND = Row(form=rf"{_DATE} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}")
_NAMED = Row("object", rows={"id": Row(), "name": Row()})
_CATEGORIES = {"1": "出票单", "2": "改期单", "3": "退票单", "4": "废票单"}
_TYPES = ("国内散客", "国内团队", "国际散客", "国际团队", "境外电子散客", "境外电子团队", "计划外")

_ORDER: Mapping[str, Row] = {
    "company_id": Row(),
    "token": Row(form=r"[0-9a-f]{32}"),
    "category": Row(values=frozenset({*_CATEGORIES, *_CATEGORIES.values()})),
    "status": Row(values=frozenset({"1"})),
    "client_order_id": Row(),
    "client_parent_order_id": _TEXT,
    "title": _TEXT,
    "type": Row(values=frozenset({*"1234567", *_TYPES})),
    "customer": _NAMED,
    "creator": _NAMED,
    "create_time": _SECOND,
    "issue_time": _SECOND,
    "supplier_id": Row(),
    "supplier_name": Row(),
    "supplier_type": Row(values=frozenset("12")),
    "gross_profit": _NUMBER,
    "passenger_number": _COUNT,
    "capital_account_id": Row(),
    "capital_account_name": Row(),
    "offer": _NUMBER,
    "payment_amount": _NUMBER,
    "return_amount": _NUMBER,
    "adjust_amount": _NUMBER,
    "supplier_order": _TEXT,
    "adjust_price_remark": _TEXT,
    "desk_issue_time": Row(form=_SECOND.form, empty_allowed=True),
    "foreign_currency_json": Row("object", rows={"amount": _NUMBER, "Category": _TEXT}),
    "issue_receivable": _NUMBER,
    "issue_payable": _NUMBER,
    "sales": _NAMED,
    "issuer": _NAMED,
}
_PASSENGER: Mapping[str, Row] = {
    "name": Row(),
    "gender": _TEXT,
    "certificate_type": _TEXT,
    "certificate_number": _TEXT,
    "issuing_country": _TEXT,
    "period_of_validity": _DAY,
    "nationality": _TEXT,
    "birthday": _DAY,
    "ticket_numbers": Row("texts"),
}
_SEGMENT: Mapping[str, Row] = {
    "flight_number": Row(),
    "space": Row(),
    "departure_place_code": Row(form=r"[A-Z]{3}"),
    "arrival_place_code": Row(form=r"[A-Z]{3}"),
    "departure_terminal": _TEXT,
    "arrival_terminal": _TEXT,
    "number_of_place": _COUNT,
    "departure_time": _MINUTE,
    "arrival_time": _MINUTE,
}
_AMOUNTS = (
    "pay_amount", "tax", "discount", "rebates", "return_money", "after_rebates", "after_return_money", "ticket_price",
    "issue_fare", "after_issue_fare", "pay_price", "total_amount", "agent_fee", "adjust_fee", "cost", "handling_cost",
    "zvalue",
)  # fmt: skip
_PRICE: Mapping[str, Row] = {
    "type": Row(values=frozenset("123")),
    "number_of_people": _COUNT,
    "category": Row(required=False),  # in the sample only (15)
    **dict.fromkeys(_AMOUNTS, _NUMBER),
}
_PNR: Mapping[str, Row] = {
    "code": Row(),
    "number_of_people": _COUNT,
    "type": Row(values=frozenset("12")),
    "body": _TEXT,
    "big_code": _TEXT,
    "passenger": Row("objects", rows=_PASSENGER),
    "segment": Row("objects", rows=_SEGMENT),
    "price": Row("objects", rows=_PRICE),
}
_CALL: Mapping[str, Row] = {"ticket_order": Row("object", rows=_ORDER), "pnr": Row("objects", rows=_PNR)}


class DataCentrePartner:
    """Holds the latest content by `company_id`, `client_order_id` and category."""

    name = "datacentre"
    path = "/ticket_order"

    def credentials(self, secret: str) -> Mapping[str, Any]:
        return {"company_id": "LMBJ", "password": secret}

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        if call.method != "POST":
            return _refused(f"the method is {call.method}, not POST", status=405)
        if call.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return _refused("the content type is not application/json")  # 29
        try:
            message = _unpacked(strict_object(call.body))
        except NotTheFormat as error:
            return _refused(str(error))
        order = message.get("ticket_order")
        order = order if isinstance(order, dict) else {}
        number = str(order.get("client_order_id", ""))[:80]
        if wrong := _wrong_token(order, credentials):
            return _refused(wrong, order=number)
        if found := list(faults(message, _CALL, "")) or list(_contradictions(message)):
            return _refused("; ".join(found), order=number)
        return _versioned(message, held)

    def refuse(self, call: InboundRequest) -> Reply:
        """Example 15."""
        del call
        return _answer(1, "invalid supplier name")


def token(order: Mapping[str, Any], password: str) -> str:
    """MD5(company_id + client_order_id + create_time + password), by the rule of the digest's section on it."""
    words = "".join(str(order.get(name, "")) for name in ("company_id", "client_order_id", "create_time")) + password
    return hashlib.md5(words.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _wrong_token(order: Mapping[str, Any], credentials: Mapping[str, Any]) -> str:
    if order.get("company_id") != credentials["company_id"]:
        return "ticket_order.company_id is not known"
    right = order.get("token") == token(order, credentials["password"])
    return "" if right else "ticket_order.token is not that of these strings and the password"


def _unpacked(message: dict[str, Any]) -> dict[str, Any]:
    """The five values that the sample has as JSON in a string, as what they hold (9)."""
    order = message.get("ticket_order")
    if isinstance(order, dict):
        _unpack(order, "customer", "creator")
    for pnr in _dicts(message.get("pnr")):
        _unpack(pnr, "segment", "price")
        for passenger in _dicts(pnr.get("passenger")):
            _unpack(passenger, "ticket_numbers")
    return message


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _unpack(holder: dict[str, Any], *names: str) -> None:
    for name in names:
        if isinstance(holder.get(name), str):
            try:
                # inside an object, since some of them are lists
                holder[name] = strict_object(f'{{"held": {holder[name]}}}')["held"]
            except NotTheFormat:
                continue  # stays a text, which the field table refuses


def _contradictions(message: Mapping[str, Any]) -> Iterator[str]:
    order = message["ticket_order"]
    times = [order[name] for name in ("create_time", "issue_time", "desk_issue_time")]
    for pnr in message["pnr"]:
        times += [flight[name] for flight in pnr["segment"] for name in ("departure_time", "arrival_time")]
        times += [one[name] for one in pnr["passenger"] for name in ("birthday", "period_of_validity")]
    if not all(_is_time(time) for time in times if time):
        yield "a time is none of the calendar"
    seen = Counter((pnr["code"], pnr["type"]) for pnr in message["pnr"])
    if any(times > 1 for times in seen.values()):
        yield "pnr has the same code and type twice"  # 28
    if order["category"] in {"2", "3", "改期单", "退票单"} and not order["client_parent_order_id"]:
        yield "client_parent_order_id is required of a change or refund"  # 17


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _remarks(message: Mapping[str, Any]) -> Iterator[str]:
    """What a strict writer emits: inconsistencies 10, 17, 18 and 24 to 26, right column."""
    order = message["ticket_order"]
    ticketing = order["category"] in {"1", "出票单"}
    if ticketing and order["category"] != "1":
        yield "category of a ticketing order is not the 1 of the sample"
    if bool(order["client_parent_order_id"]) == ticketing:
        yield "client_parent_order_id does not fit the category"
    people = {(one["name"], one["certificate_number"]) for pnr in message["pnr"] for one in pnr["passenger"]}
    if order["passenger_number"] != str(len(people)):
        yield f"passenger_number is not {len(people)}, the number of passengers"
    for place, pnr in enumerate(message["pnr"]):
        if pnr["number_of_people"] != str(len(pnr["passenger"])):
            yield f"pnr[{place}].number_of_people is not the number of its passengers"
        numbers = [number for one in pnr["passenger"] for number in one["ticket_numbers"]]
        if any(re.fullmatch(r"[0-9]{13}", number, re.ASCII) for number in numbers):
            yield f"pnr[{place}]: a ticket number of 13 digits is written without hyphen"
    if order["supplier_order"] == "0":
        yield "supplier_order is 0 where there is none"


def _versioned(message: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
    """Same content: nothing new. Another: taken as a new version, and noted ("Semantics")."""
    order = message["ticket_order"]
    category = next((code for code, name in _CATEGORIES.items() if order["category"] == name), order["category"])
    key = same_words([order["company_id"], order["client_order_id"], category])
    before: dict[str, Any] = json.loads(held[key]) if key in held else {"version": 0, "content": ""}
    content = same_words(message)
    same = content == before["content"]
    version = before["version"] if same else before["version"] + 1
    verdict = "accepted again: the same content" if same else "accepted"
    return Heard(
        accepted=True,
        verdict=verdict if version == 1 or same else f"accepted as version {version}, for attention",
        reply=_answer(0, "ok"),
        order=order["client_order_id"],
        remarks=tuple(_remarks(message)),
        remember={key: json.dumps({"version": version, "content": content})},
    )


def _refused(text: str, *, status: int = 200, order: str = "") -> Heard:
    return Heard(accepted=False, verdict=f"refused: {text}", reply=_answer(1, text, status=status), order=order)


def _answer(code: int, text: str, *, status: int = 200) -> Reply:
    return Reply(status, json.dumps({"errcode": code, "errmsg": text}).encode())
