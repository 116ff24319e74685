"""`pnr[]` as a strict writer emits it: who is in which element, and each field in the sample's form and order.

Source: datacentre-ticket-order.md, "Fields" below `pnr[]`, inconsistencies 9, 13, 15, 18, 20 to 24, 28.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dialects.datacentre.code_tables import CERTIFICATE_TYPES, GENDERS, KINDS
from dialects.datacentre.context import Document, Pnr, Price, Segment
from dialects.datacentre.credentials import Credentials
from dialects.datacentre.travellers import Person
from dialects.datacentre.written_times import dashed, to_minute
from dialects.lacking import Lacking

_THIRTEEN = re.compile(r"([0-9]{3})([0-9]{10})", re.ASCII)


def write_pnrs(people: Sequence[Person], document: Document, credentials: Credentials) -> list[dict[str, Any]]:
    """All elements; raises Lacking with every field that only the context can supply."""
    groups = [_group(people, pnr, document.pnr) for pnr in document.pnr]
    lacking = [f"pnr[{place}].passengers" for place, group in enumerate(groups) if not group]
    nowhere = [one for one in people if not any(one in group for group in groups)]
    lacking += [f"{one.place}: which pnr[]" for one in nowhere]
    elements: list[dict[str, Any]] = []
    for place, (pnr, group) in enumerate(zip(document.pnr, groups, strict=True)):
        try:
            elements.append(_element(pnr, group, f"pnr[{place}]", credentials=credentials))
        except Lacking as error:
            lacking.extend(error.fields)
    if lacking:
        raise Lacking(*dict.fromkeys(lacking))
    return elements


def _group(people: Sequence[Person], pnr: Pnr, pnrs: Sequence[Pnr]) -> list[Person]:
    if pnr.passengers:
        named = {name.casefold() for name in pnr.passengers}
        return [one for one in people if one.name.casefold() in named]
    if len({one.code for one in pnrs}) == 1:
        return list(people)
    return [one for one in people if {pnr.code, pnr.big_code} & set(one.passenger.pnrs)]


def _element(pnr: Pnr, group: Sequence[Person], place: str, *, credentials: Credentials) -> dict[str, Any]:
    lacking: list[str] = []
    passengers: list[dict[str, Any]] = []
    for person in group:
        try:
            passengers.append(_passenger(person, credentials))
        except Lacking as error:
            lacking.extend(error.fields)
    counts = [_people_of(price, group) for price in pnr.price]
    lacking += [f"{place}.price[{at}].number_of_people" for at, count in enumerate(counts) if not count]
    big_code = pnr.big_code if pnr.big_code is not None else _only_locator(group, pnr.code)
    if big_code is None:
        lacking.append(f"{place}.big_code")
    if lacking:
        raise Lacking(*lacking)
    return {
        "code": pnr.code,
        "number_of_people": str(len(group)),
        "type": pnr.type,
        "body": pnr.body,
        "big_code": big_code,
        "passenger": passengers,
        "segment": [_segment(segment, group, credentials) for segment in pnr.segment],
        "price": [_price(price, count, credentials) for price, count in zip(pnr.price, counts, strict=True)],
    }


def _only_locator(group: Sequence[Person], code: str) -> str | None:
    """The locator that all hold; none is "", several are for the context to choose from."""
    locators = {pnr for person in group for pnr in person.passenger.pnrs}
    locators = locators - {code} or locators
    return None if len(locators) > 1 else next(iter(locators), "")


def _people_of(price: Price, group: Sequence[Person]) -> str:
    if price.number_of_people is not None:
        return price.number_of_people
    count = sum(person.passenger.kind == KINDS[price.type] for person in group)
    return str(count) if count else ""


def _passenger(person: Person, credentials: Credentials) -> dict[str, Any]:
    """What is unknown is ""; what is known and has no wire form must come from the context."""
    told, added = person.passenger, person.added
    words = {
        "name": told.name,
        "gender": (added and added.gender) or _by_table(GENDERS, told.gender),
        "certificate_type": (added and added.certificate_type) or _by_table(CERTIFICATE_TYPES, told.document_type),
        "certificate_number": (added and added.certificate_number) or told.document_number,
        "nationality": (added and added.nationality) or _country(told.nationality, credentials),
        "issuing_country": (added and added.issuing_country) or _country(told.document_issued_by, credentials),
        "birthday": (added and added.birthday) or _date(told.birthday),
        "period_of_validity": (added and added.period_of_validity) or _date(told.document_expires),
    }
    if lacking := [f"{person.place}.{name}" for name, word in words.items() if word is None]:
        raise Lacking(*lacking)
    numbers = told.ticket_numbers if added is None or added.ticket_numbers is None else added.ticket_numbers
    return words | {"ticket_numbers": [_hyphened(number) for number in numbers]}


def _by_table(table: Mapping[str, str], value: str) -> str | None:
    return table.get(value) or (value if value in {"", *table.values()} else None)


def _country(value: str, credentials: Credentials) -> str | None:
    return credentials.country(value) if value else ""


def _date(value: str) -> str | None:
    return dashed(value) if value else ""


def _hyphened(number: str) -> str:
    """Three digits, hyphen, ten, of a number with 13; any other unchanged (inconsistency 24)."""
    found = _THIRTEEN.fullmatch(number)
    return "-".join(found.groups()) if found else number


def _segment(segment: Segment, group: Sequence[Person], credentials: Credentials) -> dict[str, str]:
    seats = sum(person.passenger.kind != "infant" for person in group)
    return {
        "flight_number": segment.flight_number,
        "space": segment.space,
        "departure_terminal": segment.departure_terminal,
        "arrival_terminal": segment.arrival_terminal,
        "number_of_place": segment.number_of_place or str(seats),
        "departure_time": to_minute(datetime.fromisoformat(segment.departure_time), credentials.zone),
        "arrival_time": to_minute(datetime.fromisoformat(segment.arrival_time), credentials.zone),
        "departure_place_code": segment.departure_place_code,
        "arrival_place_code": segment.arrival_place_code,
    }


def _price(price: Price, people: str, credentials: Credentials) -> dict[str, str]:
    """`category` stands in the sample without a meaning, and goes only where the partner's settings name one (15)."""
    words: dict[str, str] = price.model_dump() | {"number_of_people": people}
    if not credentials.price_category:
        return words
    before = list(words)[: list(words).index("cost")]
    return {name: words[name] for name in before} | {"category": credentials.price_category} | words
