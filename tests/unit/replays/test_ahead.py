"""One is prepared ahead, never two; errors come in their turn; who leaves early leaves nothing running."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import pytest

from replays.ahead import ahead


class Source:
    """Counts from 0. `read` and `prepared` are what was begun; `is_closed`: whether it was left in good order."""

    def __init__(self, number: int, *, fails_after: int | None = None) -> None:
        self.read: list[int] = []
        self.prepared: list[int] = []
        self.is_closed = False
        self._number = number
        self._fails_after = fails_after

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            for item in range(self._number):
                self.read.append(item)
                await asyncio.sleep(0)
                yield item
                if item == self._fails_after:
                    raise LookupError("no more")
        finally:
            self.is_closed = True

    async def prepare(self, item: int) -> str:
        await asyncio.sleep(0)
        self.prepared.append(item)
        return f"prepared {item}"


async def walk(source: Source, step: Callable[[str], Awaitable[None]]) -> None:
    async with aclosing(source.items()) as items, aclosing(ahead(items, source.prepare)) as coming:
        async for prepared in coming:
            await step(prepared)


async def settle() -> None:
    """Let everything go on that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_all_come_in_order_and_one_is_prepared_ahead() -> None:
    source, seen = Source(4), list[str]()

    async def step(prepared: str) -> None:
        seen.append(prepared)
        assert len(source.prepared) == len(seen)
        await settle()
        assert len(source.prepared) == min(4, len(seen) + 1)

    await walk(source, step)
    assert seen == [f"prepared {item}" for item in range(4)]


async def test_an_error_comes_after_what_came_before_it() -> None:
    source, seen = Source(4, fails_after=1), list[str]()

    async def step(prepared: str) -> None:
        await settle()
        seen.append(prepared)

    with pytest.raises(LookupError, match="no more"):
        await walk(source, step)
    assert seen == ["prepared 0", "prepared 1"]


async def test_who_leaves_early_leaves_nothing_running() -> None:
    source, before = Source(4), asyncio.all_tasks()

    async def step(prepared: str) -> None:
        raise LookupError(prepared)

    with pytest.raises(LookupError, match="prepared 0"):
        await walk(source, step)
    assert asyncio.all_tasks() == before
    assert source.is_closed
