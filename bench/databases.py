"""Databases of the bench's own on a given server."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from store.migrate import migrate


@asynccontextmanager
async def database_beside(dsn: str) -> AsyncIterator[str]:
    """The DSN of a new database with Ticketwire's schema on the same server; dropped at the end."""
    name = f"ticketwire_bench_{secrets.token_hex(4)}"
    await _execute(dsn, f"CREATE DATABASE {name}")
    try:
        beside = urlsplit(dsn)._replace(path=f"/{name}").geturl()
        await migrate(beside)
        yield beside
    finally:
        await _execute(dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
