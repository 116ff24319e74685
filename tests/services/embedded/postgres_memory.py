"""Telling a Postgres something, and asking for all it was told."""

import asyncpg

from embedded.postgres import EmbeddedPostgres
from embedded.server import EmbeddedServer


async def write(server: EmbeddedServer, word: str) -> None:
    connection = await connect(server)
    await connection.execute("CREATE TABLE IF NOT EXISTS memory (number serial, word text)")
    await connection.execute("INSERT INTO memory (word) VALUES ($1)", word)
    await connection.close()


async def read(server: EmbeddedServer) -> list[str]:
    connection = await connect(server)
    rows = await connection.fetch("SELECT word FROM memory ORDER BY number")
    await connection.close()
    return [row["word"] for row in rows]


async def connect(server: EmbeddedServer) -> "asyncpg.Connection[asyncpg.Record]":
    assert isinstance(server, EmbeddedPostgres)
    return await asyncpg.connect(server.dsn)
