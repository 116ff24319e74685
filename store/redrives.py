"""Parked events as redrives, exports and discards use them: chosen, read whole in pages, settled."""

from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from runtime.version import CODE_VERSION
from schemas.parked_selection import ParkedSelection
from store.connection import Connection
from store.parked import ParkedEvent, fingerprint, storable
from store.pool import statement

Place = tuple[str, str, str, int, int]
"""Where a page ended, as JSON: processor, time of parking, topic, partition, offset."""


@dataclass(slots=True)
class ParkedRecord:
    """A parked event with the record as it came from Kafka, to be decoded as such. `timestamp`: ms since the epoch;
    None: not kept."""

    parked_id: UUID
    processor: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    source: str
    order_no: str
    reason: str
    detail: str
    parked_at: datetime
    redrive_count: int
    timestamp: int | None

    @property
    def place(self) -> Place:
        return self.processor, self.parked_at.isoformat(), self.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class Discarded:
    """One that was discarded; `reason` is why it was parked."""

    parked_id: UUID
    source: str
    order_no: str
    reason: str


async def summarise(connection: Connection, selection: ParkedSelection) -> asyncpg.Record:
    """How many are meant, of how many orders, since when, in which groups, and a few ids."""
    [row] = await connection.fetch(statement("parked_chosen"), *_columns(selection))
    return row


async def read_page(
    connection: Connection, selection: ParkedSelection, *, parked_by: datetime, after: Place | None, limit: int
) -> list[ParkedRecord]:
    """The next ones that were parked by then, all of one processor; none: that was all."""
    processor, moment, topic, partition, offset = after or (None, None, None, None, None)
    since = None if moment is None else datetime.fromisoformat(moment)
    rows = await connection.fetch(
        statement("parked_page"), *_columns(selection), parked_by, processor, since, topic, partition, offset, limit
    )
    return [_record(row) for row in rows if row["processor"] == rows[0]["processor"]]


async def discard(connection: Connection, selection: ParkedSelection, *, reason: str, limit: int) -> list[Discarded]:
    """Give these up, the longest parked first; they keep their bytes. What was discarded."""
    rows = await connection.fetch(statement("parked_discard"), *_columns(selection), storable(reason), limit)
    return [Discarded(*row) for row in rows]


async def settle_landed(connection: Connection, parked: Sequence[UUID], *, run_id: UUID) -> int:
    """These landed by this run; how many of them were parked still."""
    return _count(await connection.execute(statement("parked_landed"), parked, run_id))


async def count_failed(connection: Connection, failed: Iterable[tuple[ParkedRecord, ParkedEvent]]) -> int:
    """These failed again, with the reason of now; how many of them were parked still."""
    pairs = list(failed)
    if not pairs:
        return 0
    shapes = [
        fingerprint(processor=record.processor, stage=event.stage, reason=event.reason, detail=event.detail)
        for record, event in pairs
    ]
    return _count(
        await connection.execute(
            statement("parked_failed_again"),
            [record.parked_id for record, _ in pairs],
            [event.stage for _, event in pairs],
            [event.reason for _, event in pairs],
            [storable(event.detail)[:2000] for _, event in pairs],
            shapes,
            CODE_VERSION,
        )
    )


def _columns(selection: ParkedSelection) -> tuple[Any, ...]:
    return (
        list(selection.ids),
        selection.fingerprint,
        selection.processor,
        selection.reason,
        selection.source,
        selection.order_no,
        selection.topic,
        selection.since,
        selection.until,
    )


def _record(row: asyncpg.Record) -> ParkedRecord:
    headers = [(name, None if value is None else b64decode(value)) for name, value in row["headers"]]
    fields = dict(row) | {"headers": headers, "timestamp": row["timestamp_ms"]}
    del fields["timestamp_ms"]
    return ParkedRecord(**fields)


def _count(tag: str) -> int:
    return int(tag.rsplit(maxsplit=1)[-1])
