"""Which ticket number and locator stand on which flight of a passenger, and who a passenger is on the wire.

Lists of ticket numbers are never paired with flights by place (atlas-order-ticketed.md, "Semantics"): one number holds
for all flights; of several, the context must say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialects.aerohub.context import FlightTicket, Segment, Traveller
from dialects.lacking import Lacking
from schemas.events import Passenger


@dataclass(frozen=True, slots=True)
class Person:
    """A passenger of the event with what the context adds."""

    passenger: Passenger
    added: Traveller | None

    @property
    def place(self) -> str:
        """How complaints name this passenger: by name, never by document."""
        return f"passengers[{self.passenger.name[:60]!r}]"

    def name(self) -> str:
        """In the case received. `/` parts surname and given names: a name without it must be given by the context."""
        name = (self.added and self.added.passengerName) or self.passenger.name
        if "/" not in name:
            raise Lacking(f"{self.place}.passengerName")
        return name

    def card_no(self) -> str:
        number = (self.added and self.added.cardNo) or self.passenger.document_number
        if not number.strip():
            raise Lacking(f"{self.place}.cardNo")
        return number

    def ticket(self, segment: Segment) -> Mapping[str, str]:
        """`pnrCode` and `ticketNo`; a carrier without ticket numbers repeats the locator (inconsistency 8)."""
        stated = self._stated(segment)
        place = f"{self.place}.tickets[{segment.segmentNo}/{segment.sequence}]"
        pnr = _one_of(self.passenger.pnrs, stated.pnrCode if stated else None, f"{place}.pnrCode")
        ticket_no = stated.ticketNo if stated else None
        numbers = self.passenger.ticket_numbers
        if not numbers and ticket_no is None:
            ticket_no = pnr
        return {"pnrCode": pnr, "ticketNo": _one_of(numbers, ticket_no, f"{place}.ticketNo")}

    def _stated(self, segment: Segment) -> FlightTicket | None:
        tickets = self.added.tickets if self.added else []
        found = [t for t in tickets if (t.segmentNo, t.sequence) == (segment.segmentNo, segment.sequence)]
        return found[0] if len(found) == 1 else None


def people(passengers: Sequence[Passenger], travellers: Sequence[Traveller]) -> list[Person]:
    """Each passenger with the context's word on them: by name in any case, and by document where one is given."""
    return [Person(passenger, _word_on(passenger, travellers)) for passenger in passengers]


def _word_on(passenger: Passenger, travellers: Sequence[Traveller]) -> Traveller | None:
    named = [t for t in travellers if t.name.casefold() == passenger.name.casefold()]
    own = [t for t in named if t.document == passenger.document_number] or [t for t in named if t.document is None]
    if len(own) > 1:
        raise Lacking(f"passengers[{passenger.name[:60]!r}].document")
    return own[0] if own else None


def _one_of(known: tuple[str, ...], stated: str | None, place: str) -> str:
    """The one value there is, or the stated one; what is stated must not contradict what was issued."""
    if stated is not None and (stated in known or not known):
        return stated
    if stated is None and len(set(known)) == 1:
        return known[0]
    raise Lacking(place)
