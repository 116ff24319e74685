"""What Postgres knows of a table is a minute old: no statement reads a backlog that grew since, to find a few rows.

A quiet system's statistics say that hardly any callback is unfinished. Then a partner is down: plans made by them that
go through all that is unfinished for each batch are slower with each callback that waits.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from processors.batch import process
from processors.ticketed.apply import TicketedProcessor
from runtime.settings import PostgresSettings
from schemas.wire_forms import WireForm
from store.callbacks import (
    CallbackResult,
    ClaimedCallback,
    ContextWait,
    claim,
    due_endpoints,
    expired_callback,
    record_results,
)
from store.connection import Connection
from store.contexts import put_contexts
from store.pool import open_pool
from tests.arrivals import arrival, ticketed
from tests.leases import lease

BACKLOG = 2000
"""Of each kind."""
FEW = 20
READ_FOR_EACH = 20
"""Rows read for each one handled: a statement reads some, and there are several."""

FORMS = {"standard": WireForm(frozenset({"order.ticketed"}))}

_CALLBACKS = """
WITH made AS (
    INSERT INTO orders (order_id, source, order_no, version)
    SELECT gen_random_uuid(), 'atlas', $1 || '-' || n, 1 FROM generate_series(1, $2) AS n RETURNING order_id
), told AS (
    INSERT INTO events (event_id, order_id, type, arrived_at, content, dialect)
    SELECT gen_random_uuid(), order_id, 'order.ticketed', now(), '{"type": "order.ticketed"}', 'atlas' FROM made
    RETURNING order_id, event_id
)
INSERT INTO callbacks (callback_id, endpoint_id, order_id, event_id, sequence, state)
SELECT gen_random_uuid(), $3, order_id, event_id, 1, $4 FROM told
"""
_READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'callbacks'"


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """As services have it."""
    pool = await open_pool(PostgresSettings(dsn=SecretStr(database_dsn)), name="test", live=True)
    yield pool
    await pool.close()


@pytest.fixture(params=["of a quiet system", "none"])
async def endpoint(pool: asyncpg.Pool, request: pytest.FixtureRequest) -> UUID:
    """One that is owed everything; all that it was owed when statistics were made, if they were, is delivered."""
    endpoint_id = await _new_endpoint(pool)
    await pool.execute(_CALLBACKS, "past", 500, endpoint_id, "delivered")
    await pool.execute(_CALLBACKS, "under-way", FEW, endpoint_id, "pending")
    for row in await pool.fetch("SELECT callback_id FROM callbacks WHERE state = 'pending'"):
        await lease(pool, row["callback_id"], worker="another")
    for table in ("callbacks", "orders", "events") if request.param != "none" else ():
        await pool.execute(f"VACUUM (ANALYZE) {table}")
    for state in ("queued", "waiting", "pending"):
        await pool.execute(_CALLBACKS, state, BACKLOG, endpoint_id, state)
    await pool.execute("SELECT pg_stat_force_next_flush()")  # else what was read until now is counted with what follows
    return endpoint_id


async def _new_endpoint(pool: asyncpg.Pool) -> UUID:
    endpoint_id = uuid4()
    await pool.execute(
        "INSERT INTO endpoints (endpoint_id, name, url, dialect, event_types, policy, secrets, max_in_flight)"
        " VALUES ($1, 'shop', 'http://127.0.0.1:1/', 'standard', '{order.ticketed}', 'standard', '', 1000)",
        endpoint_id,
    )
    await pool.execute("ALTER TABLE callbacks SET (autovacuum_enabled = off)")
    return endpoint_id


async def _claim(connection: Connection, endpoint_id: UUID, count: int) -> list[ClaimedCallback]:
    claimed = await claim(
        connection,
        {endpoint_id: count},
        worker="w",
        lease_margin_seconds=5.0,
        settled=[],
        pace_seconds=0.5,
        with_context=[],
    )
    assert len(claimed) == count
    return claimed


async def _read(connection: Connection) -> int:
    """Rows of `callbacks` that this transaction has read."""
    return int(await connection.fetchval(_READ))


async def test_owing_looks_at_the_order_alone(pool: asyncpg.Pool, endpoint: UUID) -> None:
    new = [arrival(ticketed("T1", order_no=f"new-{number}")) for number in range(FEW)]
    async with pool.acquire() as connection, connection.transaction():
        result = await process(connection, TicketedProcessor(), new, wire_forms=FORMS)
        assert len(result.verdicts) == FEW
        assert await _read(connection) <= READ_FOR_EACH * FEW
    assert await pool.fetchval(
        "SELECT count(*) FROM callbacks JOIN orders USING (order_id) WHERE order_no LIKE 'new-%'"
    )


async def test_a_claim_and_its_recording_look_at_what_is_claimed(pool: asyncpg.Pool, endpoint: UUID) -> None:
    async with pool.acquire() as connection:
        async with connection.transaction():
            (work,) = await due_endpoints(connection, except_for=[], count=FEW)
            assert (work.due, work.ours) == (FEW, True)
            claimed = await _claim(connection, endpoint, FEW)
            assert await _read(connection) <= READ_FOR_EACH * FEW
        wait = ContextWait("past-1", datetime.now(UTC))
        results = [
            CallbackResult(
                callback.callback_id,
                endpoint,
                callback.attempt_number,
                "w",
                "delivered" if number else "waiting",
                counted=True,
                outcome="",
                laid_down=None if number else wait,
            )
            for number, callback in enumerate(claimed)
        ]
        async with connection.transaction():
            recorded = await record_results(connection, results)
            assert len(recorded.rows) == FEW
            assert await _read(connection) <= READ_FOR_EACH * FEW
        async with connection.transaction():
            assert await expired_callback(connection, worker="w", held=[], skip=[], grace_seconds=5.0) is None
            assert await _read(connection) <= READ_FOR_EACH * FEW


async def test_a_publisher_that_began_with_little_looks_at_what_is_claimed(pool: asyncpg.Pool) -> None:
    """Its plans are of an empty database, where every index is as good as the other."""
    endpoint = await _new_endpoint(pool)
    async with pool.acquire() as connection:
        await connection.execute(_CALLBACKS, "first", 2 * FEW, endpoint, "pending")
        for _ in range(FEW):  # Postgres keeps a plan from the sixth time on (PREPARE, "Notes")
            await _claim(connection, endpoint, 1)
            await expired_callback(connection, worker="w", held=[], skip=[], grace_seconds=5.0)
        await connection.execute(_CALLBACKS, "more", BACKLOG, endpoint, "pending")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        async with connection.transaction():
            await _claim(connection, endpoint, FEW)
            assert await _read(connection) <= READ_FOR_EACH * FEW


async def test_a_context_wakes_those_of_its_order_alone(pool: asyncpg.Pool, endpoint: UUID) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await put_contexts(connection, "waiting-1", {"standard": {"id": 1}}, source="atlas", forms=FORMS)
        assert await _read(connection) <= READ_FOR_EACH
    assert await pool.fetchval("SELECT count(*) FROM callbacks WHERE state = 'waiting'") == BACKLOG - 1
