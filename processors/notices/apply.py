"""Apply rejections, changes and refunds: the events themselves are the state; the order's version moves on."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from processors.contract import Applied, Decision
from processors.notices.decide import decide
from schemas.arrival import Arrival
from schemas.notices import Notices
from schemas.topics import EventType
from store.connection import Connection, Writes
from store.notices import load_notices
from store.orders import set_versions


class NoticeProcessor:
    """`processors.contract.Processor` for one of these event types."""

    def __init__(self, name: str, event_type: EventType) -> None:
        self.name = name
        self.event_type = event_type.value

    def empty(self) -> Notices:
        return Notices()

    def decide(self, state: Notices, arrival: Arrival) -> Decision[Notices]:
        return decide(state, arrival, event_type=self.event_type)

    async def load(self, connection: Connection, order_ids: Sequence[UUID]) -> Mapping[UUID, Notices]:
        return await load_notices(connection, order_ids, event_type=self.event_type)

    async def save(self, connection: Connection, applied: Sequence[Applied[Notices]], *, writes: Writes) -> None:
        del connection
        await set_versions(writes, [(order.order_id, order.version) for order in applied])
