"""What the console reads of parked events."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from runtime.errors import NotFound
from store.connection import Connection
from store.pool import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedFilter:
    """What is None holds for all."""

    state: str | None = None
    processor: str | None = None
    reason: str | None = None
    fingerprint: str | None = None
    order_no: str | None = None
    source: str | None = None
    topic: str | None = None
    since: datetime | None = None
    before: tuple[datetime, UUID] | tuple[None, None] = (None, None)


async def search_parked(connection: Connection, wanted: ParkedFilter, *, limit: int) -> list[asyncpg.Record]:
    """One page, the newest first; without the original bytes."""
    return await connection.fetch(
        statement("console_parked_search"),
        wanted.state,
        wanted.processor,
        wanted.reason,
        wanted.fingerprint,
        wanted.order_no,
        wanted.source,
        wanted.topic,
        wanted.since,
        *wanted.before,
        limit,
    )


async def group_parked(connection: Connection, *, limit: int) -> list[asyncpg.Record]:
    """What failed alike, the largest group first."""
    return await connection.fetch(statement("console_parked_groups"), limit)


async def read_parked(connection: Connection, parked: UUID) -> asyncpg.Record:
    """One parked event, whole; raises NotFound."""
    row = await connection.fetchrow(statement("console_parked_one"), parked)
    if row is None:
        raise NotFound(f"there is no parked event {parked}", hint="see: ticketwire parked list")
    return row
