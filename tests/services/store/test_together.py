"""Statements that are sent as one do what they would have done one by one."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from store.together import Together
from tests.services.publishers.world import World, world_on

TABLES = "CREATE TABLE ones (number integer, word text); CREATE TABLE twos (number integer PRIMARY KEY)"
ONE = "INSERT INTO ones SELECT * FROM unnest($1::integer[], $2::text[])"
TWO = """
-- $1: numbers; a WITH of its own, and RETURNING
WITH wanted AS (SELECT number FROM unnest($1::integer[]) AS wanted (number))
INSERT INTO twos SELECT number FROM wanted ON CONFLICT DO NOTHING RETURNING pg_notify($2, '')
"""


@pytest.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with world_on(database_dsn) as world:
        yield world


async def test_each_statement_gets_its_own_arguments(world: World) -> None:
    await world.pool.execute(TABLES)
    writes = Together()
    await writes.execute(ONE, [1, 2], ["a", "b"])
    await writes.execute(TWO, [7, 8, 8], "some_channel")
    await writes.execute("UPDATE twos SET number = number + $1 WHERE number = $2", 100, 0)
    await writes.execute(ONE, [3], ["c"])
    await world.pool.execute("INSERT INTO twos VALUES (0)")
    async with world.pool.acquire() as connection:
        await writes.send(connection)
    assert sorted(map(tuple, await world.fetch("SELECT * FROM ones"))) == [(1, "a"), (2, "b"), (3, "c")]
    assert sorted(row[0] for row in await world.fetch("SELECT number FROM twos")) == [7, 8, 100]


async def test_what_one_is_refused_none_has_done(world: World) -> None:
    await world.pool.execute(TABLES)
    writes = Together()
    await writes.execute(ONE, [1], ["a"])
    await writes.execute("INSERT INTO twos VALUES ($1), ($1)", 5)
    async with world.pool.acquire() as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await writes.send(connection)
    assert await world.value("SELECT count(*) FROM ones") == 0


async def test_nothing_kept_is_nothing_sent(world: World) -> None:
    async with world.pool.acquire() as connection:
        await connection.close()
        await Together().send(connection)
