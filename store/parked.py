"""Parked events: the original, whole, and why it could not be decoded or applied."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import orjson

from runtime.version import CODE_VERSION
from schemas.arrival import Coordinates
from schemas.identity import arrival_id
from store.connection import Connection
from store.pool import statement

_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")

Stage = Literal["record", "read", "decide", "apply"]


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """A record and the reason. `reason` is a stable code (docs/errors.md), `detail` is for people, without
    personal data; `stage` says how far it came."""

    at: Coordinates
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    source: str
    order_no: str
    stage: Stage
    reason: str
    detail: str
    arrival_id: UUID | None = None
    """The record's own id, where it could be read."""
    timestamp: int | None = None
    """The record's own time on Kafka, in ms since the epoch."""


def fingerprint(*, processor: str, stage: str, reason: str, detail: str) -> str:
    """The same for all events that failed alike: the detail without what varies from event to event."""
    shape = _VARYING.sub("·", detail)
    return hashlib.sha256(f"{processor}\n{stage}\n{reason}\n{shape}".encode()).hexdigest()[:16]


async def park(connection: Connection, processor: str, events: Sequence[ParkedEvent]) -> None:
    """Keep these events. Safe to repeat: a record is parked once for each processor."""
    await connection.execute(
        statement("parked_insert"),
        [arrival_id(f"{processor}:{e.at.topic}", e.at.partition, e.at.offset) for e in events],
        [processor for _ in events],
        [e.at.topic for e in events],
        [e.at.partition for e in events],
        [e.at.offset for e in events],
        [e.key for e in events],
        [e.value for e in events],
        [_portable(e.headers) for e in events],
        [storable(e.source) for e in events],
        [storable(e.order_no) for e in events],
        [e.stage for e in events],
        [e.reason for e in events],
        [storable(e.detail)[:2000] for e in events],
        [fingerprint(processor=processor, stage=e.stage, reason=e.reason, detail=e.detail) for e in events],
        [CODE_VERSION for _ in events],
        [e.timestamp for e in events],
    )


def _portable(headers: Sequence[tuple[str, bytes | None]]) -> str:
    return orjson.dumps(
        [[storable(name), None if value is None else b64encode(value).decode()] for name, value in headers]
    ).decode()


def storable(text: str) -> str:
    """Text that Postgres takes: no NUL and no lone surrogate. The original bytes stay beside it."""
    return text.replace("\x00", "␀").encode("utf-8", "replace").decode()
