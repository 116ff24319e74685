"""`ticketNoItems`: one passenger on one flight each, merged into passengers (aerohub-update-order.md, "Fields")."""

import re
from collections.abc import Iterable
from typing import Any

from dialects.contract import Unreadable
from dialects.json_document import scalar_text, whole_number
from schemas.events import Passenger

CARD_NO_LIMIT = 15

_TEXTS = ("passengerName", "flightNumber", "cardNo", "pnrCode", "ticketNo", "depAirport", "arrAirport")
_NUMBERS = ("segmentNo", "sequence")
_NOT_KEPT = frozenset({"passengerName", "cardNo", "accountPass"})
"""What a passenger's kept items leave out: two have a place of their own, the third is a secret."""

_EPOCH = re.compile(r"([0-9]{10})(?:[0-9]{3})?(?:\.0+)?", re.ASCII)


def read_items(value: object) -> tuple[tuple[Passenger, ...], list[str]]:
    """The passengers, in the order in which they are first named, and warnings; Unreadable names the field.

    Names and document numbers together tell passengers apart. Every flight of a passenger stays in `extra`.
    """
    if value is None or value == []:
        raise Unreadable("items-missing", "ticketNoItems is missing or empty; TICKETED needs at least one item")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unreadable("items-unreadable", "ticketNoItems is not a list of objects")
    people: dict[tuple[str, str], list[dict[str, Any]]] = {}
    warnings: list[str] = []
    for place, raw in enumerate(value):
        item = _item(raw, f"ticketNoItems[{place}]")
        if len(item["cardNo"]) > CARD_NO_LIMIT:
            warnings.append(f"card-number-long:ticketNoItems[{place}]")  # inconsistency 7
        people.setdefault((item["passengerName"], item["cardNo"]), []).append(item)
    return tuple(_passenger(items) for items in people.values()), warnings


def _item(raw: dict[str, Any], place: str) -> dict[str, Any]:
    """The element with its required fields in one form; all else in it as it came, if anything (inconsistency 17)."""
    item = {name: value for name, value in raw.items() if value not in (None, "")}
    for name in _TEXTS:
        item[name] = _text(raw.get(name), f"{place}.{name}")
    for name in _NUMBERS:
        number = whole_number(raw.get(name))
        if number is None or number < 1:  # a third direction is read, though never written: inconsistency 10
            raise Unreadable("item-number-unreadable", f"{place}.{name} is missing or not a whole number from 1")
        item[name] = number
    item["ticketingTime"] = _epoch_seconds(raw.get("ticketingTime"), f"{place}.ticketingTime")
    return item


def _text(value: object, place: str) -> str:
    """Any text that is not blank: numbers and locators are never checked by pattern (contracts/README.md, 1)."""
    text = scalar_text(value)
    if text is None or not text.strip():
        raise Unreadable("item-field-missing", f"{place} is missing, empty, or neither text nor number")
    return text


def _epoch_seconds(value: object, place: str) -> int:
    """Ten digits, text or number; thirteen are milliseconds (inconsistency 9)."""
    found = _EPOCH.fullmatch((scalar_text(value) or "").strip())
    if found is None:
        raise Unreadable("item-number-unreadable", f"{place} is missing or not an epoch time of 10 or 13 digits")
    return int(found[1])


def _passenger(items: list[dict[str, Any]]) -> Passenger:
    return Passenger(
        name=items[0]["passengerName"],
        document_number=items[0]["cardNo"],
        ticket_numbers=_distinct(item["ticketNo"] for item in items),
        pnrs=_distinct(item["pnrCode"] for item in items),
        extra={"items": [{name: v for name, v in item.items() if name not in _NOT_KEPT} for item in items]},
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
