"""One arrival of one event, decoded: what was said, which event it is, and where it lies on Kafka."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from schemas.events import EventContent


class Coordinates(NamedTuple):
    """A record's place on Kafka."""

    topic: str
    partition: int
    offset: int


class Arrival(NamedTuple):
    """`arrived_at` is when ingest took it (`ce_time`). `raw` is the body as received. `verified` is how the sender
    proved to be the source (schemas/raw_event.py). `written` is the content as JSON, where that is known."""

    arrival_id: UUID
    event_id: UUID
    order_id: UUID
    source: str
    order_no: str
    dialect: str
    content: EventContent
    arrived_at: datetime
    raw: bytes
    at: Coordinates
    verified: str = ""
    written: bytes | None = None
