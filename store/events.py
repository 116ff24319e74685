"""Events, once each, and their arrivals, which are the inbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal, NamedTuple
from uuid import UUID

from runtime.version import CODE_VERSION
from schemas.arrival import Arrival
from schemas.outcomes import Verdict
from store.connection import Connection, Writes
from store.pool import statement


class EventRow(NamedTuple):
    """One event to keep: the columns of events_upsert.sql. `content` as a JSON object, or written as one; `raw` is None
    for the hub's own."""

    event_id: UUID
    order_id: UUID
    type: str
    arrived_at: datetime
    content: dict[str, Any] | bytes
    dialect: str
    origin: Literal["supplier", "hub"]
    raw: bytes | None


def event_row(arrival: Arrival) -> EventRow:
    return EventRow(
        event_id=arrival.event_id,
        order_id=arrival.order_id,
        type=arrival.content.type,
        arrived_at=arrival.arrived_at,
        content=arrival.written or arrival.content.model_dump_json().encode(),
        dialect=arrival.dialect,
        origin="supplier",
        raw=arrival.raw,
    )


async def known_arrivals(connection: Connection, arrival_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these were taken before: redelivered records."""
    return {row["arrival_id"] for row in await connection.fetch(statement("arrivals_known"), arrival_ids)}


async def upsert_events(writes: Writes, rows: Iterable[EventRow]) -> None:
    """Keep these events, one at least; of one that comes twice in the list, the earliest arrival counts."""
    earliest: dict[UUID, EventRow] = {}
    for row in rows:
        known = earliest.get(row.event_id)
        if known is None or row.arrived_at < known.arrived_at:
            earliest[row.event_id] = row
    ordered = [earliest[event_id] for event_id in sorted(earliest, key=attrgetter("int"))]
    await writes.execute(statement("events_upsert"), *zip(*ordered, strict=True))


async def insert_arrivals(
    writes: Writes, taken: Sequence[tuple[Arrival, Verdict]], *, run_id: UUID | None = None
) -> None:
    """Note these arrivals as taken, by this run if it was one; one that was noted before is an error of the caller."""
    await writes.execute(
        statement("arrivals_insert"),
        [arrival.arrival_id for arrival, _ in taken],
        [arrival.event_id for arrival, _ in taken],
        [arrival.order_id for arrival, _ in taken],
        [arrival.at.topic for arrival, _ in taken],
        [arrival.at.partition for arrival, _ in taken],
        [arrival.at.offset for arrival, _ in taken],
        [arrival.arrived_at for arrival, _ in taken],
        [verdict for _, verdict in taken],
        [arrival.verified for arrival, _ in taken],
        CODE_VERSION,
        run_id,
    )
