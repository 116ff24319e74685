"""Decode: from a Kafka record to an arrival, or to what is parked and why. Total: nothing a record holds raises."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from dialects.contract import Inbound, Unreadable
from runtime.logs import get_logger
from schemas.arrival import Arrival, Coordinates
from schemas.identity import event_id, order_id
from schemas.raw_event import RawEvent, UnusableRecord, from_record
from store.parked import ParkedEvent, Stage

log = get_logger()

_DECODED_AT_ONCE = 5
"""Records between two looks at what else there is to do, such as an answer of Postgres."""


class Record(Protocol):
    """As much of aiokafka's record as we read. `timestamp`: in ms since the epoch; None: not known."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int | None


def decode(record: Record, dialects: Mapping[str, Inbound]) -> Arrival | ParkedEvent:
    """Read one record."""
    at = Coordinates(record.topic, record.partition, record.offset)
    try:
        raw = from_record(key=record.key, value=record.value, headers=record.headers)
    except UnusableRecord as error:
        return parked(record, stage="record", reason=error.reason, detail=str(error))
    dialect = dialects.get(raw.dialect)
    if dialect is None:
        return parked(record, raw=raw, stage="read", reason="unknown-dialect", detail=f"no dialect {raw.dialect!r}")
    try:
        read = dialect.read(raw)
        written = read.content.model_dump_json().encode()
    except Unreadable as error:
        return parked(record, raw=raw, stage="read", reason=error.reason, detail=str(error))
    except Exception as error:  # noqa: BLE001 - a decoder's bug parks the event, with its name, and stops nobody
        bug = f"{type(error).__name__}{place(error)}"
        log.warning("decode.failed", topic=at.topic, partition=at.partition, offset=at.offset, error=bug)
        return parked(record, raw=raw, stage="read", reason="decoder-failed", detail=bug)
    content = read.content
    return Arrival(
        arrival_id=raw.ce_id,
        event_id=event_id(raw.source, content.type, content.order_no, read.digest),
        order_id=order_id(raw.source, content.order_no),
        source=raw.source,
        order_no=content.order_no,
        dialect=raw.dialect,
        content=content,
        arrived_at=raw.time,
        raw=raw.body,
        at=at,
        verified=raw.verified,
        written=written,
    )


async def decoded(records: Sequence[Record], dialects: Mapping[str, Inbound]) -> list[Arrival | ParkedEvent]:
    """As `decode`, each in its place, in pieces: in one go all would be done at once when Postgres is waited for, which
    is at the first and shortest statement of a batch."""
    items: list[Arrival | ParkedEvent] = []
    for begin in range(0, len(records), _DECODED_AT_ONCE):
        items += [decode(record, dialects) for record in records[begin : begin + _DECODED_AT_ONCE]]
        await asyncio.sleep(0)
    return items


def parked(record: Record, *, stage: Stage, reason: str, detail: str, raw: RawEvent | None = None) -> ParkedEvent:
    """The record as it will be parked."""
    return ParkedEvent(
        at=Coordinates(record.topic, record.partition, record.offset),
        key=record.key,
        value=record.value,
        headers=record.headers,
        source="" if raw is None else raw.source,
        order_no=(record.key or b"").decode("utf-8", "replace"),
        stage=stage,
        reason=reason,
        detail=detail,
        arrival_id=None if raw is None else raw.ce_id,
        timestamp=record.timestamp,
    )


def place(error: BaseException) -> str:
    """Where an error was raised, without what it choked on: values may be personal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
