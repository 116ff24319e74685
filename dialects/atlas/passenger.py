"""The passengers of an Atlas `order.ticketed`, with the tickets that were issued to each."""

from typing import Any

from dialects.contract import Unreadable
from dialects.json_document import scalar_text
from schemas.events import TICKETED_STATUS, Passenger

_KINDS = {"0": "adult", "1": "child", "2": "infant"}

_TEXT_FIELDS = {
    "birthday": "birthday",
    "gender": "gender",
    "cardNum": "document_number",
    "cardType": "document_type",
    "cardIssuePlace": "document_issued_by",
    "cardExpired": "document_expires",
    "nationality": "nationality",
}
"""Their name and ours. All are "required", and the document's own typical payload lacks all seven."""


def read_passengers(value: object, *, order_status: int) -> tuple[Passenger, ...]:
    """All passengers, or Unreadable: an event is filled whole or not at all.

    A ticketed order has at least one passenger and every passenger a ticket; before that both may be missing.
    """
    infos = [] if value is None else value
    if not isinstance(infos, list) or not all(isinstance(info, dict) for info in infos):
        raise Unreadable("passengers-unreadable", "data.paxTicketInfos is not a list of objects")
    ticketed = order_status == TICKETED_STATUS
    if ticketed and not infos:
        raise Unreadable("passengers-missing", "orderStatus says ticketed, but data.paxTicketInfos names nobody")
    return tuple(_passenger(info, place, ticketed=ticketed) for place, info in enumerate(infos))


def _passenger(info: dict[str, Any], place: int, *, ticketed: bool) -> Passenger:
    name = scalar_text(info.get("name"))
    if name is None or not name.strip():
        raise Unreadable("passenger-name-missing", f"passenger {place} has no name")
    rest = {key: value for key, value in info.items() if value is not None}
    del rest["name"]
    fields: dict[str, Any] = {ours: _take_text(rest, theirs) for theirs, ours in _TEXT_FIELDS.items()}
    kind = _take_text(rest, "passengerType")
    pnrs = [pnr for pnr in _take_list(rest, "airlinePNRs") if pnr is not None]
    if not all(scalar_text(pnr) is not None for pnr in pnrs):
        rest["airlinePNRs"] = pnrs
    return Passenger(
        name=name,
        kind=_KINDS.get(kind.strip(), kind),
        ticket_numbers=_ticket_numbers(rest.pop("ticketNos", []), place, ticketed=ticketed),
        pnrs=tuple(text for pnr in pnrs if (text := scalar_text(pnr))),
        ancillaries=tuple(_take_list(rest, "ancillaries")),
        extra=rest,
        **fields,
    )


def _ticket_numbers(value: object, place: int, *, ticketed: bool) -> tuple[str, ...]:
    """Never checked by pattern or for uniqueness: the samples' own numbers break both (atlas-order-ticketed, 4)."""
    numbers = [scalar_text(number) for number in value] if isinstance(value, list) else [None]
    if not all(number and number.strip() for number in numbers):
        raise Unreadable("ticket-number-unreadable", f"passenger {place} has an empty or unreadable ticket number")
    if ticketed and not numbers:
        raise Unreadable("ticket-numbers-missing", f"passenger {place} of a ticketed order has no ticket number")
    return tuple(number for number in numbers if number)


def _take_text(rest: dict[str, Any], name: str) -> str:
    """Take a scalar as text; what is none stays behind, and is kept in `extra`."""
    text = scalar_text(rest.get(name))
    if text is not None:
        del rest[name]
    return text or ""


def _take_list(rest: dict[str, Any], name: str) -> list[Any]:
    """Take a list; what is none stays behind, and is kept in `extra`."""
    value = rest.get(name, [])
    if not isinstance(value, list):
        return []
    rest.pop(name, None)
    return value
