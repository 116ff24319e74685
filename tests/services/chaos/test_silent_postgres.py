"""Connections to Postgres that nobody answers any more, though Postgres is well: found once, then all are replaced."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from runtime.settings import PostgresSettings
from store.pool import is_outage, open_pool
from store.readiness import DatabaseReadiness
from tests.chaos.proxy import HOST, Proxy, Trouble
from tests.waiting import until

PATIENCE = 2.0
"""For one statement."""


@asynccontextmanager
async def proxied_pool(dsn: str, *, connections: int) -> AsyncIterator[tuple[Proxy, asyncpg.Pool]]:
    """A pool through a proxy, with as many open connections."""
    place = urlsplit(dsn)
    async with Proxy(target=place.port or 5432) as proxy:
        through = place._replace(netloc=f"{place.username}:{place.password}@{HOST}:{proxy.port}").geturl()
        settings = PostgresSettings(dsn=SecretStr(through), pool_size=4, statement_timeout_seconds=PATIENCE)
        pool = await open_pool(settings, name="test")
        try:
            held = [await pool.acquire() for _ in range(connections)]
            for connection in held:
                await pool.release(connection)
            yield proxy, pool
        finally:
            pool.terminate()


async def work(pool: asyncpg.Pool) -> float:
    """One transaction; the seconds it took."""
    began = time.monotonic()
    async with pool.acquire() as connection, connection.transaction():
        assert await connection.fetchval("SELECT 1") == 1
    return time.monotonic() - began


async def test_a_silent_connection_costs_the_patience_with_one_statement_and_not_two(database_dsn: str) -> None:
    async with proxied_pool(database_dsn, connections=1) as (proxy, pool):
        proxy.strike(Trouble.FORGET)
        began = time.monotonic()
        with pytest.raises((TimeoutError, asyncpg.InterfaceError)) as caught:
            await work(pool)
        assert is_outage(caught.value)
        assert PATIENCE <= time.monotonic() - began < 1.7 * PATIENCE


async def test_after_one_silent_connection_the_others_are_not_trusted_either(database_dsn: str) -> None:
    async with proxied_pool(database_dsn, connections=4) as (proxy, pool):
        proxy.strike(Trouble.FORGET)
        with pytest.raises((TimeoutError, asyncpg.InterfaceError)):
            await work(pool)
        for _ in range(4):
            assert await work(pool) < PATIENCE


async def test_a_statement_that_takes_too_long_is_given_up_by_postgres_too(database_dsn: str) -> None:
    async with proxied_pool(database_dsn, connections=1) as (_, pool):
        with pytest.raises((TimeoutError, asyncpg.InterfaceError)):
            await pool.execute("SELECT pg_sleep(60)")

        async def given_up() -> bool:
            return not await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")

        await until(given_up, seconds=10, what="the end of the statement")


async def test_the_readiness_check_takes_one_connection_however_often_it_is_asked(database_dsn: str) -> None:
    async with proxied_pool(database_dsn, connections=4) as (proxy, pool):
        ready = DatabaseReadiness(pool)
        assert await ready() is None
        proxy.strike(Trouble.BLACKHOLE)
        for _ in range(6):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ready(), 0.05)
        assert pool.get_idle_size() == 3
        await proxy.heal()
        assert await ready() is None
        assert await ready() is None


async def test_the_readiness_check_says_what_is_wrong(database_dsn: str) -> None:
    async with proxied_pool(database_dsn, connections=0) as (proxy, pool):
        proxy.strike(Trouble.REFUSE)
        assert await DatabaseReadiness(pool)() == "Postgres cannot be used: ConnectionRefusedError"
        await proxy.heal()
        await pool.execute("DROP TABLE schema_migrations")
        assert await DatabaseReadiness(pool)() == "the database has no Ticketwire schema; run: ticketwire migrate"
