"""The type of a connection, in a transaction or not, pooled or not."""

from typing import Any, Protocol, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"


class Writes(Protocol):
    """What takes statements that give nothing back: a connection, or `store.together.Together`."""

    async def execute(self, query: str, /, *args: Any) -> Any:
        """Do this, now or with others."""
