"""`pnr[]`: the passengers and their tickets, merged by value (datacentre-ticket-order.md, "`pnr[]`").

The airline's locator, the "big code", is what other events know as a passenger's locator; the distribution system's
"small code" stands in where there is none, and is kept with the rest of the element in any case.
"""

import re
from collections.abc import Iterable
from typing import Any

from dialects.contract import Unreadable
from dialects.datacentre.code_tables import CERTIFICATE_TYPES, GENDERS, KINDS
from dialects.datacentre.countries import CODES
from dialects.datacentre.document import decoded, objects, text_of
from dialects.datacentre.written_times import compact
from schemas.events import Passenger

_HYPHENED = re.compile(r"([0-9]{3})-([0-9]{10})", re.ASCII)
_LISTS = ("segment", "price")
_TEXTS = {
    "certificate_number": "document_number",
    "certificate_type": "document_type",
    "gender": "gender",
    "issuing_country": "document_issued_by",
    "nationality": "nationality",
    "birthday": "birthday",
    "period_of_validity": "document_expires",
}
"""Their name and ours."""

_OUR_GENDERS = {name: code for code, name in GENDERS.items()}
_OUR_TYPES = {name: code for code, name in CERTIFICATE_TYPES.items()}


def read_pnrs(elements: list[dict[str, Any]]) -> tuple[tuple[Passenger, ...], list[dict[str, Any]]]:
    """The order's passengers, and the elements without them, their lists decoded; Unreadable names the field.

    The same locator may come twice, payable and receivable, and a passenger with it (inconsistency 28).
    """
    people: dict[tuple[str, str], Passenger] = {}
    rest: list[dict[str, Any]] = []
    for place, raw in enumerate(elements):
        element = {name: value for name, value in raw.items() if value is not None and name != "passenger"}
        element |= {name: decoded(element[name]) for name in _LISTS if name in element}
        pnr = text_of(element.get("big_code")).strip() or text_of(element.get("code")).strip()
        for seat, info in enumerate(objects(raw.get("passenger"), f"pnr[{place}].passenger")):
            passenger = _passenger(
                info, f"pnr[{place}].passenger[{seat}]", pnrs=(pnr,) if pnr else (), kind=_kind(element.get("price"))
            )
            key = (passenger.name, passenger.document_number)
            people[key] = _merged(people[key], passenger) if key in people else passenger
        rest.append(element)
    return tuple(people.values()), rest


def _passenger(info: dict[str, Any], place: str, *, pnrs: tuple[str, ...], kind: str) -> Passenger:
    name = text_of(info.get("name"))
    if not name.strip():
        raise Unreadable("passenger-name-missing", f"{place}.name is missing, empty, or neither text nor number")
    fields = {ours: _our_word(ours, text_of(info.get(theirs))) for theirs, ours in _TEXTS.items()}
    known = {"name", "ticket_numbers"} | {theirs for theirs in _TEXTS if text_of(info.get(theirs))}
    return Passenger(
        name=name,
        kind=kind,
        ticket_numbers=_ticket_numbers(info.get("ticket_numbers"), f"{place}.ticket_numbers"),
        pnrs=pnrs,
        extra={field: value for field, value in info.items() if field not in known and value not in (None, "")},
        **fields,
    )


def _our_word(field: str, text: str) -> str:
    """Our code for their word; what no table has stays as it came (inconsistencies 13, 21, 22 and 23)."""
    word = text.strip()
    match field:
        case "gender":
            return _OUR_GENDERS.get(word, text)
        case "document_type":
            return _OUR_TYPES.get(word, text)
        case "nationality" | "document_issued_by":
            return CODES.get(word, text)
        case "birthday" | "document_expires":
            return compact(word)
        case _:
            return text


def _ticket_numbers(value: object, place: str) -> tuple[str, ...]:
    """A list, one number, or either as a text of JSON; without the hyphen of 13 digits (inconsistencies 9 and 24)."""
    value = decoded(value)
    given = value if isinstance(value, list) else [value]
    if not all(one is None or isinstance(one, str) for one in given):
        raise Unreadable("ticket-number-unreadable", f"{place} holds what is neither text nor number")
    return _distinct(_without_hyphen(number) for one in given if (number := text_of(one)).strip())


def _without_hyphen(number: str) -> str:
    found = _HYPHENED.fullmatch(number.strip())
    return "".join(found.groups()) if found else number


def _kind(prices: object) -> str:
    """Adult, child or infant, when every price of the element is for the same: no price names its passengers."""
    found = [prices] if isinstance(prices, dict) else prices
    if not isinstance(found, list) or not all(isinstance(price, dict) for price in found):
        return ""
    kinds = {KINDS.get(text_of(price.get("type")).strip(), "") for price in found}
    return kinds.pop() if len(kinds) == 1 else ""


def _merged(first: Passenger, again: Passenger) -> Passenger:
    """One passenger of two mentions: the first word on each field holds, tickets and locators of both."""
    gained = {field: getattr(first, field) or getattr(again, field) for field in ("kind", *_TEXTS.values())}
    return first.model_copy(
        update=gained
        | {
            "ticket_numbers": _distinct((*first.ticket_numbers, *again.ticket_numbers)),
            "pnrs": _distinct((*first.pnrs, *again.pnrs)),
            "extra": again.extra | first.extra,
        }
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
