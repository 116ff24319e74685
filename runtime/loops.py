"""Background loops: a name, a body that is repeated, and one way to start and stop.

A loop's body may raise: it is logged and counted, and the loop goes on after a pause that grows to `longest_pause`;
what it lost may come back, and no process needs a restart for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from runtime.logs import get_logger

log = get_logger()


class Loop:
    """Repeats `body` until stopped. `body` returns the seconds to wait before its next turn; `wake()` cuts the wait."""

    def __init__(self, name: str, body: Callable[[], Awaitable[float]], *, longest_pause_seconds: float = 5.0) -> None:
        self.name = name
        self.failures = 0
        self._body = body
        self._longest_pause = longest_pause_seconds
        self._wake = asyncio.Event()
        self._stopping = False
        self._pause_ends: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    def wake(self, within_seconds: float = 0.0) -> None:
        """Let the next turn be no later than this; one that comes in time anyhow stays as it is."""
        if self._pause_ends is None or self._pause_ends > time.monotonic() + within_seconds:
            self._wake.set()

    async def stop(self) -> None:
        """Let the turn under way finish, then end. Safe to repeat."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            pause = await self._turn()
            if pause > 0 and not self._stopping:
                self._pause_ends = time.monotonic() + pause
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                self._pause_ends = None

    async def _turn(self) -> float:
        try:
            pause = await self._body()
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop must outlive it; it is logged and counted
            self.failures += 1
            log.warning("loop.failed", loop=self.name, error=type(error).__name__, text=str(error)[:300])
            return min(self._longest_pause, 0.1 * 2.0 ** min(self.failures, 10))
        self.failures = 0
        return pause
