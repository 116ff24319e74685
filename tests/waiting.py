"""Waiting for a condition, with a deadline, in place of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T | Awaitable[T]], *, seconds: float = 30, what: str = "the condition") -> T:
    """The first truthy value that `condition` gives; fails the test with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        given = condition()
        found: T = await given if inspect.isawaitable(given) else given
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:g} s; last seen: {found!r}")
        await asyncio.sleep(0.01)
