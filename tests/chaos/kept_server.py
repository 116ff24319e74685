"""An embedded server that is started again whenever it ends, as often as it takes, unless it is held down."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from embedded.server import EmbeddedServer
from runtime.errors import EmbeddedError
from tests.waiting import until

_RETRY_SECONDS = 0.3
_PATIENCE_SECONDS = 120.0


class KeptServer:
    """`async with KeptServer(kafka) as kept:` starts it and keeps it."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._up = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "KeptServer":
        await self.server.start()
        self._up.set()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.server.name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self.server.stop()

    @property
    def up(self) -> bool:
        """Whether it answered at its latest start, and lives."""
        return self._up.is_set() and self.server.ready

    @asynccontextmanager
    async def killed(self) -> AsyncIterator[None]:
        """Kill it, and hold it down while the block runs; afterwards it answers again."""
        self._may_run.clear()
        self._up.clear()
        with contextlib.suppress(EmbeddedError):  # it is down already
            self.server.kill()
        try:
            yield
        finally:
            self._may_run.set()
        await self._up.wait()

    async def restart(self) -> None:
        """Stop it cleanly; returns when it answers again."""
        self._up.clear()
        with contextlib.suppress(EmbeddedError, ProcessLookupError):
            os.kill(self.server.pid, self.server.stop_signal)
        await self._up.wait()

    async def until_up(self) -> None:
        """Wait until it answers, if it does not; it may have ended by itself just now."""
        await until(lambda: self.up, seconds=_PATIENCE_SECONDS, what=f"{self.server.name} after a fault")

    async def _keep(self) -> None:
        while True:
            await self.server.wait()
            self._up.clear()
            await self._may_run.wait()
            await self.server.stop()
            await self._start()
            self._up.set()

    async def _start(self) -> None:
        while True:
            try:
                await self.server.start()
            except (EmbeddedError, OSError):
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
