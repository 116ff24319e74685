"""Waiting for a condition, never for a time."""

import asyncio
from collections.abc import Callable

DEADLINE_SECONDS = 30.0


async def until(condition: Callable[[], bool], *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until `condition` holds; raises TimeoutError after the deadline."""
    async with asyncio.timeout(deadline_seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)
