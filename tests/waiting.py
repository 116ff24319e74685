"""Waiting for a condition, with a deadline, in place of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def until(
    condition: Callable[[], Any], *, seconds: float = 30, what: str = "the condition", every: float = 0.01
) -> Any:
    """Wait for a plain or a coroutine function to give something truthy, and return that; looks again `every` seconds.

    Fails the test with the last value seen after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        given = condition()
        found = await given if inspect.isawaitable(given) else given
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:g} s; last seen: {found!r}")
        await asyncio.sleep(every)
