"""Apply void statuses: load and save the void cases of orders."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from processors.contract import Applied, Decision
from processors.void.decide import decide
from schemas.arrival import Arrival
from schemas.events import OrderVoid
from schemas.topics import EventType
from store.connection import Connection, Writes
from store.orders import set_versions
from store.void_cases import VoidCases, VoidStatusRow, load_void_cases, save_void_cases


class VoidProcessor:
    """`processors.contract.Processor` for order.void. An order that was never ticketed may have void cases."""

    name = "void"
    event_type = EventType.VOID.value

    def empty(self) -> VoidCases:
        return {}

    def decide(self, state: VoidCases, arrival: Arrival) -> Decision[VoidCases]:
        return decide(state, arrival)

    async def load(self, connection: Connection, order_ids: Sequence[UUID]) -> Mapping[UUID, VoidCases]:
        return await load_void_cases(connection, order_ids)

    async def save(self, connection: Connection, applied: Sequence[Applied[VoidCases]], *, writes: Writes) -> None:
        del connection
        await set_versions(writes, [(order.order_id, order.version) for order in applied])
        await save_void_cases(
            writes,
            [row for order in applied for arrival in order.arrivals if (row := _row(order, arrival)) is not None],
        )


def _row(order: Applied[VoidCases], arrival: Arrival) -> VoidStatusRow | None:
    if not isinstance(arrival.content, OrderVoid):
        return None
    case = order.after[arrival.content.void_code]
    return VoidStatusRow(order.order_id, case.statuses[arrival.event_id], case)
