"""The event loop of a service: asyncio's own, woken by other threads once and not for each thing that they hand over,
and modest in what it asks memory for.

The HTTP server and the HTTP client live in threads of their own and hand over two things for each request. asyncio
writes to a socket of its own for each; that was a fifth of the CPU that ingest took for an event.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

READ_BYTES = 64 * 1024
"""What one read of a socket takes at the most. Python makes room for that much first, and shortens it to what came.
asyncio reads 256 KB: more than the C library keeps at hand (M_MMAP_THRESHOLD, 128 KB), so the system gave fresh memory
for each answer of some bytes, which took longer than to read it; or, once the library had seen that, it was cut from
the end of the heap, which grew by ten megabytes in half an hour though no more was in use."""


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

    def _make_socket_transport(self, *arguments: Any, **named: Any) -> Any:
        made: Any = super()._make_socket_transport(*arguments, **named)  # type: ignore[misc]  # as above
        made.max_size = READ_BYTES
        return made


def let_go(transport: asyncio.BaseTransport | None) -> None:
    """To be called when the transport's connection was lost. asyncio's own refers to itself by the method that reads:
    only the collector of cycles would free it and its socket. A publisher whose partners hang up grew by 26 MB in 20
    minutes."""
    if transport is not None:
        vars(transport).pop("_read_ready_cb", None)  # TLS' transport has none


def run_service(service: Coroutine[object, object, None]) -> None:
    """Run until the service ends; `asyncio.run` in this loop."""
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(service)
