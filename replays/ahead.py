"""What can be done of the next batch while Postgres works on the present one: read it, look at it, decode it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")
Prepared = TypeVar("Prepared")


async def ahead(
    source: AsyncGenerator[Found, None], prepare: Callable[[Found], Awaitable[Prepared]]
) -> AsyncGenerator[Prepared, None]:
    """What `prepare` makes of each that comes from `source`, one ahead of who asks. Raises what either raises, when
    its turn comes. Close it when leaving early (`contextlib.aclosing`), and `source` after it."""

    async def next_one() -> tuple[Prepared] | None:
        async for found in source:
            return (await prepare(found),)
        return None

    coming = asyncio.create_task(next_one())
    try:
        while (prepared := await coming) is not None:
            coming = asyncio.create_task(next_one())
            yield prepared[0]
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
