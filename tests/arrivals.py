"""Arrivals as ingest would have made them, for tests of what comes after."""

from datetime import UTC, datetime, timedelta
from itertools import count

from schemas.arrival import Arrival, Coordinates
from schemas.events import EventContent, OrderTicketed, OrderVoid, Passenger
from schemas.identity import arrival_id, event_id, order_id

SOURCE = "atlas"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_offsets = count()


def ticketed(*ticket_numbers: str, order_no: str = "A1", status: int = 2) -> OrderTicketed:
    """A ticketed event with one passenger for each ticket number."""
    return OrderTicketed(
        order_no=order_no,
        customer="TAC1",
        order_status=status,
        passengers=tuple(
            Passenger(name=f"ZHANG/{number}", kind="adult", ticket_numbers=(number,), pnrs=("P" + number,))
            for number in ticket_numbers
        ),
    )


def void(status: int, message: str = "", *, order_no: str = "A1", void_code: str = "V-1") -> OrderVoid:
    return OrderVoid(order_no=order_no, customer="TAC1", void_code=void_code, void_status=status, message=message)


def arrival(content: EventContent, *, at_second: float = 0, offset: int | None = None) -> Arrival:
    """An arrival of this event, `at_second` seconds after the epoch; each call is another arrival."""
    place = Coordinates("raw", 0, next(_offsets) if offset is None else offset)
    return Arrival(
        arrival_id=arrival_id(place.topic, place.partition, place.offset),
        event_id=event_id(SOURCE, content.type, content.order_no, content.model_dump_json().encode()),
        order_id=order_id(SOURCE, content.order_no),
        source=SOURCE,
        order_no=content.order_no,
        dialect="atlas",
        content=content,
        arrived_at=EPOCH + timedelta(seconds=at_second),
        raw=content.model_dump_json().encode(),
        at=place,
    )
