"""The event loop of a service: asyncio's own, woken by other threads once and not for each thing that they hand over.

The HTTP server and the HTTP client live in threads of their own and hand over two things for each request. asyncio
writes to a socket of its own for each; that was a fifth of the CPU that ingest took for an event.
"""

import asyncio
from collections.abc import Coroutine


class EventLoop(asyncio.SelectorEventLoop):
    """Threads hand over by `call_soon_threadsafe`, as ever."""

    def __init__(self) -> None:
        self._is_woken = False
        super().__init__()

    def _write_to_self(self) -> None:
        # What is handed over is in the loop's queue already. So who finds the loop woken need not wake it again, even
        # if it is just about to forget that: it looks at the queue before it sleeps.
        if not self._is_woken:
            self._is_woken = True
            super()._write_to_self()  # type: ignore[misc]  # asyncio's own seam, not in its annotations

    def _read_from_self(self) -> None:
        super()._read_from_self()  # type: ignore[misc]  # as above
        self._is_woken = False  # not before: what is written between would be read with the rest, and none write again


def run_service(service: Coroutine[object, object, None]) -> None:
    """Run until the service ends; `asyncio.run` in this loop."""
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(service)
