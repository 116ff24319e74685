"""A process that is frozen in a transaction does not keep its locks, wherever it was frozen."""

import asyncio

import asyncpg
import pytest
from pydantic import SecretStr

from runtime.settings import PostgresSettings
from store.connection import Connection
from store.pool import STATEMENTS_OF_A_TRANSACTION, is_outage, open_pool

PATIENCE_SECONDS = 0.5
LOCK = "SELECT pg_advisory_xact_lock(1)"


async def between_two_messages(connection: Connection) -> None:
    """The client asks for a statement to be prepared, and then to be run: when frozen in between, Postgres waits in the
    middle of a statement."""
    await connection.prepare("SELECT 2")


async def test_one_frozen_in_the_middle_of_a_statement_loses_its_transaction(database_dsn: str) -> None:
    settings = PostgresSettings(dsn=SecretStr(database_dsn), statement_timeout_seconds=PATIENCE_SECONDS)
    pool, other = await open_pool(settings, name="test", live=True), await asyncpg.connect(database_dsn)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:  # noqa: PT012 - the end of the block
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK)
            await between_two_messages(connection)
            async with asyncio.timeout(PATIENCE_SECONDS * STATEMENTS_OF_A_TRANSACTION + 8):  # below the idle one's ten
                await other.execute(LOCK)
            await connection.execute("SELECT 3")
    assert is_outage(caught.value)
    await other.close()
    pool.terminate()
