"""Whether Postgres can be worked with now: a check for `/readyz`, the same in every service."""

import asyncio
from typing import cast

import asyncpg

from runtime.errors import SchemaError
from store.migrate import check_schema


class DatabaseReadiness:
    """Asks through the service's own pool, so it says what the service's statements meet.

    One question at a time, however often and impatiently it is called: while a connection is silent, each question
    would otherwise take one more from the pool, until nothing is left for the work.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._asking: asyncio.Task[str | None] | None = None

    async def __call__(self) -> str | None:
        """What is wrong, or None. When it is cancelled the question goes on, and the next call waits for it."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="database-readiness")
        return await asyncio.shield(self._asking)

    async def _ask(self) -> str | None:
        try:
            async with self._pool.acquire() as connection:
                await check_schema(cast("asyncpg.Connection", connection))
        except SchemaError as error:
            return f"{error.message}; {error.hint}"
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            return f"Postgres cannot be used: {type(error).__name__}"
        return None
