"""Rows as processors and publishers leave them, written straight into the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from schemas.identity import callback_id, event_id, order_id
from tests.leases import lease

BEGINNING = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minute(number: int) -> datetime:
    return BEGINNING + timedelta(minutes=number)


async def put_order(
    pool: asyncpg.Pool, order_no: str, *, source: str = "atlas", at: int = 0, ticketed: bool = True
) -> UUID:
    order = order_id(source, order_no)
    await pool.execute(
        "INSERT INTO orders (order_id, source, order_no, ticketed_event, ticketed_at, customer, version, created_at,"
        " updated_at) VALUES ($1, $2, $3, $4, $5, 'CUSTOMER', 1, $5, $5)",
        order,
        source,
        order_no,
        uuid4() if ticketed else None,
        minute(at),
    )
    return order


async def put_passenger(
    pool: asyncpg.Pool, order: UUID, *, position: int = 0, name: str = "ZHANG/SAN", ticket: str = "T1", pnr: str = "P1"
) -> None:
    await pool.execute(
        "INSERT INTO passengers VALUES ($1, $2, $3, 'adult', '19910101', 'M', 'E1234567', 'PP', 'CN', '20400101', 'CN',"
        " $4)",
        order,
        position,
        name,
        {"phone": "+8613800000000", "nested": [{"mail": "a@b.example"}]},
    )
    await pool.execute("INSERT INTO tickets VALUES ($1, $2, 0, $3)", order, position, ticket)
    await pool.execute("INSERT INTO pnrs VALUES ($1, $2, 0, $3)", order, position, pnr)
    await pool.execute("INSERT INTO ancillaries VALUES ($1, $2, 0, $3)", order, position, {"bag": 1})


async def put_event(
    pool: asyncpg.Pool, order: UUID, *, order_no: str, at: int = 0, event_type: str = "order.ticketed"
) -> UUID:
    event = event_id("atlas", event_type, order_no, str(at).encode())
    passenger = {"name": "ZHANG/SAN", "birthday": "19910101", "document_number": "E1234567", "extra": {"phone": "1380"}}
    content: dict[str, Any] = {"type": event_type, "order_no": order_no, "passengers": [passenger]}
    await pool.execute(
        "INSERT INTO events (event_id, order_id, type, arrived_at, content, dialect) VALUES ($1,$2,$3,$4,$5,'atlas')",
        event,
        order,
        event_type,
        minute(at),
        content,
    )
    return event


async def put_callback(
    pool: asyncpg.Pool, order: UUID, event: UUID, endpoint: UUID, *, state: str, sequence: int = 1, at: int = 0
) -> UUID:
    callback = callback_id(event, endpoint)
    await pool.execute(
        "INSERT INTO callbacks (callback_id, endpoint_id, order_id, event_id, sequence, state, created_at, due_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        callback,
        endpoint,
        order,
        event,
        sequence,
        "pending" if state == "sending" else state,
        minute(at),
        datetime.now(UTC) + timedelta(hours=1),
    )
    if state == "sending":
        await lease(pool, callback)
    return callback


async def put_parked(
    pool: asyncpg.Pool, *, order_no: str = "P-1", value: bytes = b"{", offset: int = 0, fingerprint: str = "f1"
) -> UUID:
    parked = uuid4()
    await pool.execute(
        'INSERT INTO parked (parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no,'
        " stage, reason, detail, fingerprint, code_version, parked_at) VALUES ($1, 'ticketed', 'raw.order.ticketed', 0,"
        " $2, $3, $4, $5, 'atlas', $6, 'read', 'not-json', 'no', $7, '0.1.0', $8)",
        parked,
        offset,
        order_no.encode(),
        value,
        [["ce_id", "YWJj"], ["empty", None]],
        order_no,
        fingerprint,
        minute(offset),
    )
    return parked
