"""Apply ticketed events: load and save the tickets of orders."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from processors.contract import Applied, Decision
from processors.ticketed.decide import decide
from schemas.arrival import Arrival
from schemas.ticketing import NOT_TICKETED, Ticketing
from schemas.topics import EventType
from store.connection import Connection, Writes
from store.ticketing import TicketingRow, load_ticketing, save_ticketing


class TicketedProcessor:
    """`processors.contract.Processor` for order.ticketed."""

    name = "ticketed"
    event_type = EventType.TICKETED.value

    def empty(self) -> Ticketing:
        return NOT_TICKETED

    def decide(self, state: Ticketing, arrival: Arrival) -> Decision[Ticketing]:
        return decide(state, arrival)

    async def load(self, connection: Connection, order_ids: Sequence[UUID]) -> Mapping[UUID, Ticketing]:
        return await load_ticketing(connection, order_ids)

    async def save(self, connection: Connection, applied: Sequence[Applied[Ticketing]], *, writes: Writes) -> None:
        await save_ticketing(
            connection,
            [
                TicketingRow(
                    order_id=order.order_id,
                    version=order.version,
                    is_new=order.is_new,
                    refill=_present_event(order.before) != _present_event(order.after),
                    ticketing=order.after,
                )
                for order in applied
            ],
            writes=writes,
        )


def _present_event(ticketing: Ticketing) -> UUID | None:
    present = ticketing.present
    return None if present is None else present.event_id
