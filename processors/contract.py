"""What a processor is: one event type, a pure decision, and the rows its state lives in.

The way of a batch is the same for all (`processors.batch`); a processor says only what differs.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from schemas.arrival import Arrival
from schemas.outcomes import Change, Verdict
from store.connection import Connection, Writes

State = TypeVar("State")


class Unapplicable(ValueError):
    """An event that was read but cannot be applied to any state: it is parked. `reason` is a stable code."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Decision(NamedTuple, Generic[State]):
    """The order's next state, what became of the arrival, and the change with the event it tells of, if any."""

    state: State
    verdict: Verdict
    change: Change | None = None
    told_event: UUID | None = None


class Applied(NamedTuple, Generic[State]):
    """One order after a batch: its arrivals folded in. `version` is the order's, after the batch."""

    order_id: UUID
    is_new: bool
    version: int
    before: State
    after: State
    arrivals: Sequence[Arrival]


class Processor(Protocol[State]):
    """A processor of one event type. All of it may be run again for the same batch."""

    name: str
    event_type: str

    def empty(self) -> State:
        """The state of an order that has no event of this type."""

    def decide(self, state: State, arrival: Arrival) -> Decision[State]:
        """Fold one arrival in. Pure; raises Unapplicable, and nothing else."""

    async def load(self, connection: Connection, order_ids: Sequence[UUID]) -> Mapping[UUID, State]:
        """The states of those of these locked orders that have any."""

    async def save(self, connection: Connection, applied: Sequence[Applied[State]], *, writes: Writes) -> None:
        """Write the orders' rows and versions; the orders are locked, `after` differs from `before` in each. What may
        be done together with the batch's other rows goes to `writes`."""
