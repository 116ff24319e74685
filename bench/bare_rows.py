"""The ceiling of processors, as a process: the rows that they wrote, written once more by bare asyncpg.

They are read from the database under test and written, 500 orders a transaction, into one beside it that has the same
schema: order, event, arrival, passengers, tickets, PNRs, journal and callback of each event.
"""

import asyncio
import time
from typing import Any

import asyncpg

from bench.job import Job, serve

BATCH_ORDERS = 500
TABLES = ("orders", "events", "arrivals", "passengers", "tickets", "pnrs", "journal", "callbacks")

_COLUMNS = """
SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
    AND format_type(atttypid, atttypmod) !~ '\\[\\]$'
ORDER BY attnum
"""

Statement = tuple[str, list[list[Any]]]
"""An insert, and the values of each of its columns."""


def write_again(job: Job) -> Job:
    """Copy what belongs to the orders `prefix`-… from `source` to `target` (DSNs); only the writing is timed."""
    return asyncio.run(_write_again(job["source"], job["target"], f"{job['prefix']}-%"))


async def _write_again(source: str, target: str, like: str) -> Job:
    reading = await asyncpg.connect(source)
    try:
        orders = [row[0] for row in await reading.fetch("SELECT order_id FROM orders WHERE order_no LIKE $1", like)]
        batches = [
            [await _rows(reading, table, orders[at : at + BATCH_ORDERS]) for table in TABLES]
            for at in range(0, len(orders), BATCH_ORDERS)
        ]
    finally:
        await reading.close()
    writing = await asyncpg.connect(target)
    try:
        begun = time.perf_counter()
        for batch in batches:
            async with writing.transaction():
                for sql, columns in batch:
                    await writing.execute(sql, *columns)
        return {"seconds": time.perf_counter() - begun, "orders": len(orders)}
    finally:
        await writing.close()


async def _rows(reading: asyncpg.Connection, table: str, orders: list[Any]) -> Statement:
    columns = await reading.fetch(_COLUMNS, table)
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    arrays = ", ".join(f"${place}::{column['type']}[]" for place, column in enumerate(columns, start=1))
    rows = await reading.fetch(f"SELECT {names} FROM {table} WHERE order_id = ANY ($1::uuid[])", orders)
    insert = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"
    return insert, [[row[place] for row in rows] for place in range(len(columns))]


if __name__ == "__main__":
    serve(write_again)
