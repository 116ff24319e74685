"""What the database holds of each order: the oracle's evidence, read in chunks so that it scales."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

CHUNK = 1000
"""Orders that are looked at together: each table is asked once for all of them."""

Row = asyncpg.Record

_ORDER_TABLES = {
    "events": "event_id",
    "arrivals": 'topic, partition, "offset"',
    "journal": "version",
    "passengers": "passenger",
    "tickets": "passenger, position",
    "pnrs": "passenger, position",
    "ancillaries": "passenger, position",
    "void_cases": "void_code",
    "void_statuses": "void_code, event_id",
    "callbacks": "sequence, callback_id",
}
"""Tables with an order_id, and the order in which their rows are read."""


@dataclass(slots=True)
class OrderEvidence:
    """All rows of one order. `order` is None when it has rows elsewhere, but none in `orders`."""

    order_id: UUID
    order: Row | None = None
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in _ORDER_TABLES})
    attempts: dict[UUID, list[Row]] = field(default_factory=dict)
    """By callback, in the order of their numbers. `recorded_at`: None unless Postgres tracks when it committed."""

    def of(self, table: str) -> list[Row]:
        return self.rows[table]

    def __str__(self) -> str:
        return f"order {self.order_id if self.order is None else self.order['order_no']}"


async def orders(connection: asyncpg.Pool) -> AsyncIterator[OrderEvidence]:
    """Every order that any table knows, with all its rows."""
    union = " UNION ".join(f"SELECT order_id FROM {table}" for table in ("orders", *_ORDER_TABLES))
    ids = [row["order_id"] for row in await connection.fetch(f"{union} ORDER BY order_id")]
    for start in range(0, len(ids), CHUNK):
        for evidence in (await _chunk(connection, ids[start : start + CHUNK])).values():
            yield evidence


async def parked(connection: asyncpg.Pool) -> list[dict[str, Any]]:
    """Every parked record: its place, the digest of its bytes, and its id at ingest, if it had one."""
    sql = (
        'SELECT processor, topic, partition, "offset", sha256(value) AS digest, reason, order_no,'
        " (SELECT convert_from(decode(pair ->> 1, 'base64'), 'UTF8') FROM jsonb_array_elements(headers) AS pair"
        "  WHERE pair ->> 0 = 'ce_id' LIMIT 1) AS ce_id FROM parked ORDER BY topic, partition, \"offset\""
    )
    return [dict(row) for row in await connection.fetch(sql)]


async def _chunk(connection: asyncpg.Pool, ids: list[UUID]) -> dict[UUID, OrderEvidence]:
    found = {order_id: OrderEvidence(order_id) for order_id in ids}
    for row in await connection.fetch("SELECT * FROM orders WHERE order_id = ANY ($1)", ids):
        found[row["order_id"]].order = row
    for table, order in _ORDER_TABLES.items():
        sql = f"SELECT * FROM {table} WHERE order_id = ANY ($1) ORDER BY order_id, {order}"
        for row in await connection.fetch(sql, ids):
            found[row["order_id"]].rows[table].append(row)
    sql = (
        "SELECT order_id, callback_id, a.number, a.outcome, a.stage, a.started_at,"
        " CASE current_setting('track_commit_timestamp') WHEN 'on' THEN pg_xact_commit_timestamp(a.xmin) END"
        " AS recorded_at"
        " FROM attempts AS a JOIN callbacks AS c USING (callback_id)"
        " WHERE c.order_id = ANY ($1) ORDER BY a.callback_id, a.number"
    )
    for row in await connection.fetch(sql, ids):
        found[row["order_id"]].attempts.setdefault(row["callback_id"], []).append(row)
    return found
