"""Live and a shadow are compared as of one moment, though they are read over two connections."""

import asyncpg
import pytest

from store.shadow import share_snapshot


@pytest.mark.parametrize("shared", [True, False])
async def test_both_connections_see_one_moment(database_dsn: str, shared: bool) -> None:
    """Without the sharing the second one begins to see when it first looks."""
    one, other, writer = [await asyncpg.connect(database_dsn) for _ in range(3)]
    try:
        async with one.transaction(isolation="repeatable_read"), other.transaction(isolation="repeatable_read"):
            assert await one.fetchval("SELECT count(*) FROM orders") == 0
            if shared:
                await share_snapshot(one, other)
            await writer.execute("INSERT INTO orders (order_id, source, order_no) VALUES (gen_random_uuid(), 'a', '1')")
            assert await other.fetchval("SELECT count(*) FROM orders") == (0 if shared else 1)
            assert await one.fetchval("SELECT count(*) FROM orders") == 0
    finally:
        for connection in (one, other, writer):
            await connection.close()
