"""The event's passengers and the context's put together, and written with their tickets.

A passenger is found by document number where both sides have one, whatever the names: the platform may know people by
other names than the supplier. Else by name, without regard to case. Among equals the order counts. Never by position
alone: the first success freezes the order, so a wrong pairing could not be mended.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dialects.fliggy.settings import Credentials, PassengerContext, TicketContext
from schemas.events import Passenger

TICKETED = "2"
"""`ticket_status` 已出票 (inconsistency 4)."""


class Unmappable(ValueError):
    """A value has no wire form; the text names its field, and repeats no personal value."""


class Lacking(ValueError):
    """The context does not fit the event: it must be completed. Says which fields, and how."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = tuple(fields)


def write_passengers(
    passengers: Sequence[Passenger], contexts: Sequence[PassengerContext], credentials: Credentials
) -> list[dict[str, Any]]:
    """`passenger_list` in the event's order; raises Lacking or Unmappable. All passengers or none (atomic call)."""
    for place, passenger in enumerate(passengers):
        if not passenger.ticket_numbers or not all(number.strip() for number in passenger.ticket_numbers):
            raise Unmappable(f"passengers[{place}].ticket_numbers is empty or holds an empty number")
    pairs = _pairs(passengers, contexts)
    return [
        {
            **_document(passenger, context, credentials, place),
            **({"passenger_id": context.passenger_id} if context.passenger_id else {}),
            "passenger_name": _name(passenger, context, place),
            "ticket_list": list(_tickets(passenger, context, credentials)),
        }
        for place, (passenger, context) in enumerate(pairs)
    ]


def _pairs(
    passengers: Sequence[Passenger], contexts: Sequence[PassengerContext]
) -> list[tuple[Passenger, PassengerContext]]:
    """Everybody with their context, documents first: a name must not take what a document number names."""
    if not contexts:
        raise Lacking(["passenger_list"])
    found = _found(passengers, contexts)
    lacking = [f"passenger_list: nobody in it is passengers[{n}]" for n in range(len(passengers)) if n not in found]
    lacking += [
        f"passenger_list[{n}]: nobody in the event is this passenger"
        for n in range(len(contexts))
        if n not in found.values()
    ]
    lacking += [
        f"passenger_list[{other}].ticket_list: {len(contexts[other].ticket_list)} tickets for {numbers} numbers"
        for place, other in found.items()
        if (numbers := len(passengers[place].ticket_numbers)) not in {1, len(contexts[other].ticket_list)}
    ]
    if lacking:
        raise Lacking(lacking)
    return [(passenger, contexts[found[place]]) for place, passenger in enumerate(passengers)]


def _found(passengers: Sequence[Passenger], contexts: Sequence[PassengerContext]) -> dict[int, int]:
    """Which context is whose, by their places; each is used once."""
    found: dict[int, int] = {}
    for same in (_same_document, _same_name):
        for place, passenger in enumerate(passengers):
            if place in found:
                continue
            taken = set(found.values())
            matches = (n for n, context in enumerate(contexts) if n not in taken and same(passenger, context))
            match = next(matches, None)
            if match is not None:
                found[place] = match
    return found


def _same_document(passenger: Passenger, context: PassengerContext) -> bool:
    ours, theirs = _plain(passenger.document_number), _plain(context.passenger_cert_no or "")
    return bool(ours) and ours == theirs


def _same_name(passenger: Passenger, context: PassengerContext) -> bool:
    if _plain(passenger.document_number) and _plain(context.passenger_cert_no or ""):
        return False  # two document numbers that differ are two people
    ours = _plain(passenger.name)
    return bool(ours) and ours == _plain(context.passenger_name or "")


def _plain(text: str) -> str:
    return text.strip().casefold()


def _name(passenger: Passenger, context: PassengerContext, place: int) -> str:
    name = context.passenger_name or passenger.name
    if not name.strip():
        raise Unmappable(f"passengers[{place}].name is empty")
    return name


def _document(passenger: Passenger, context: PassengerContext, credentials: Credentials, place: int) -> dict[str, str]:
    """The document in the platform's words where the context has them; else by the partner's list of types (13).

    Without such a list no document is told: the fields are optional, and a number of unknown type is of no use.
    """
    number = context.passenger_cert_no or passenger.document_number
    kind = context.passenger_cert_type
    if not number or (kind is None and credentials.passenger_cert_types is None):
        return {}
    if kind is None:
        kind = (credentials.passenger_cert_types or {}).get(passenger.document_type)
    if kind is None:
        raise Unmappable(
            f"passengers[{place}].document_type {passenger.document_type[:20]!r} is not in"
            " credentials.passenger_cert_types"
        )
    return {"passenger_cert_no": number, "passenger_cert_type": kind}


def _tickets(passenger: Passenger, context: PassengerContext, credentials: Credentials) -> Iterator[dict[str, Any]]:
    """As many tickets as the context has; one number stands for all of them (a booking of several flights)."""
    numbers = passenger.ticket_numbers
    if len(numbers) == 1:
        numbers = numbers * len(context.ticket_list)
    for number, ticket in zip(numbers, context.ticket_list, strict=True):
        yield {name: value for name, value in _ticket(number, ticket, credentials).items() if value is not None}


def _ticket(number: str, ticket: TicketContext, credentials: Credentials) -> dict[str, Any]:
    """Keys in the order of example 07."""
    field = credentials.ticket_number_field
    return {
        "e_ticket_no": number if field in {"e_ticket_no", "both"} else None,
        "ticket_desc": ticket.ticket_desc,
        "ticket_id": ticket.ticket_id,
        "ticket_no": number if field in {"ticket_no", "both"} else None,
        "ticket_price": ticket.ticket_price,
        "ticket_pwd": ticket.ticket_pwd,
        "ticket_seat_no": ticket.ticket_seat_no,
        "ticket_status": TICKETED,
        "ticket_sub_type": ticket.ticket_sub_type or credentials.ticket_sub_type,
        "ticket_title": ticket.ticket_title,
        "ticket_type": ticket.ticket_type or credentials.ticket_type,
        "ext_attr": attributes(ticket.ext_attr),
        "expire_time": ticket.expire_time,
    }


def attributes(value: object) -> str | None:
    """A JSON object in a text, or nothing (7)."""
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
