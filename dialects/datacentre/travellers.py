"""The passengers of a document: the event's, with what the context adds; or the context's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from dialects.datacentre.context import Traveller
from dialects.lacking import Lacking
from schemas.events import Passenger


@dataclass(frozen=True, slots=True)
class Person:
    """A passenger of the event with what the context adds."""

    passenger: Passenger
    added: Traveller | None

    @property
    def name(self) -> str:
        return self.passenger.name

    @property
    def place(self) -> str:
        """How complaints name this passenger: by name, never by document."""
        return f"passenger[{self.name[:60]!r}]"


def people(passengers: Sequence[Passenger], travellers: Sequence[Traveller]) -> list[Person]:
    """Each passenger with the context's word on them; an event that names nobody has the context's passengers."""
    if not passengers:
        if not travellers:
            raise Lacking("passenger")
        return [Person(Passenger(name=traveller.name), traveller) for traveller in travellers]
    return [Person(passenger, _word_on(passenger, travellers)) for passenger in passengers]


def _word_on(passenger: Passenger, travellers: Sequence[Traveller]) -> Traveller | None:
    """By name in any case, and by document where one is given."""
    named = [t for t in travellers if t.name.casefold() == passenger.name.casefold()]
    own = [t for t in named if t.document == passenger.document_number] or [t for t in named if t.document is None]
    if len(own) > 1:
        raise Lacking(f"passenger[{passenger.name[:60]!r}].document")
    return own[0] if own else None
