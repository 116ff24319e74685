"""Waiting for a condition, with a deadline, in place of sleeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], Awaitable[T]], *, seconds: float = 20, what: str = "the condition") -> T:
    """The first truthy value that `condition` gives; fails the test with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = await condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:g} s; last seen: {found!r}")
        await asyncio.sleep(0.02)
