"""The HTTP server of consoles and health: an ASGI app, as frameworks make them, on granian, inside the running event
loop. Ingest has another (runtime/door_server.py).

It streams bodies with back pressure, bounds request heads, and lets accepted requests finish when it is stopped.
"""

import asyncio
import contextlib
import os
import socket
import stat
import weakref
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from runtime import listening
from runtime.listening import BACKLOG, bind_alone, connection_limit, cut_who_reads_nothing, url_of
from runtime.logs import get_logger

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

START_PATIENCE_SECONDS = 10.0
THREADS_PATIENCE_SECONDS = 2.0
THREADS_END_SECONDS = 0.1

log = get_logger()


class HttpServer:
    """Serves `app` at `host` and `port` (0: a free one). An ASGI app gets `http` requests only, no lifespan events.

    `start` raises ConfigurationError when the address cannot be had. An exception that escapes the app is logged and
    answered 500 without a trace of it.
    """

    def __init__(self, app: AsgiApp, *, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._wanted_port = port
        self._server: Any = None  # granian annotates no method that is called here
        self._serving: asyncio.Task[None] | None = None
        self._let_go = asyncio.Event()
        self.port = port

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        return url_of(self._host, self.port)

    async def start(self) -> None:
        """Listen; returns when connections are accepted."""
        reservation, address = _reserve(self._host, self._wanted_port)
        with contextlib.closing(reservation):
            self.port = reservation.getsockname()[1]
            guarded = _Guarded(self._app)
            self._let_go = _when_gone(guarded)
            self._server = Server(
                guarded,
                address=address,
                port=self.port,
                interface=Interfaces.ASGINL,
                http=HTTPModes.http1,
                http1_settings=HTTP1Settings(
                    header_read_timeout=listening.HEADER_TIMEOUT_SECONDS * 1000,
                    max_buffer_size=listening.HEAD_LIMIT_BYTES,
                ),
                websockets=False,
                backlog=BACKLOG,
                backpressure=connection_limit(),
                log_enabled=False,
            )
            self._serving = asyncio.create_task(self._server.serve(), name="http-server")
            await self._accepting(address)
            _find_and_cut_who_reads_nothing(self.port)

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing more, let accepted requests finish within the grace, then cut what is left. Repeatable."""
        server, serving = self._server, self._serving
        self._server = self._serving = None
        if serving is None:
            return
        server.stop()
        done, _ = await asyncio.wait({serving}, timeout=grace_seconds)
        if not done:
            log.warning("http.cut", port=self.port, grace_seconds=grace_seconds)
            for worker in server.wrks:
                worker.kill()
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        del server, serving
        # The server's own threads outlive it for a moment: they let go of the app, and end within milliseconds of that.
        # Should the process end first, Python up to 3.13 aborts it (granian issue 693; one stop in eight, measured).
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(THREADS_PATIENCE_SECONDS if done else 0):
                await self._let_go.wait()
        await asyncio.sleep(THREADS_END_SECONDS)

    async def _accepting(self, address: str) -> None:
        """The server tells nobody when it listens, so knock until it opens."""
        async with asyncio.timeout(START_PATIENCE_SECONDS):
            while True:
                if self._serving is not None and self._serving.done():
                    self._serving.result()
                try:
                    _, writer = await asyncio.open_connection(address, self.port)
                except OSError:
                    await asyncio.sleep(0.005)
                    continue
                writer.close()
                return


class _Guarded:
    """The app, with a log line for what escapes it; an object of its own, so that it can be seen to be gone."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            log.exception("http.failed", path=scope.get("path", "")[:100], error=type(error).__name__)
            raise


def _find_and_cut_who_reads_nothing(port: int) -> None:
    """The server tells nobody which socket listens, so it is looked for among this process' files (Linux)."""
    files = Path("/proc/self/fd")
    for number in [int(file.name) for file in files.iterdir()] if files.exists() else []:
        with contextlib.suppress(OSError):  # closed since
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as found:
                    if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                        cut_who_reads_nothing(found)


def _when_gone(thing: object) -> asyncio.Event:
    """An event that is set when nothing holds `thing` any more, in whichever thread that happens."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    weakref.finalize(thing, lambda: loop.is_closed() or loop.call_soon_threadsafe(gone.set)).atexit = False
    return gone


def _reserve(host: str, port: int) -> tuple[socket.socket, str]:
    """Bind without listening, to settle the port before the server binds it too: no other process can take it between.

    The server shares ports (SO_REUSEPORT), so two services on one port would silently split the requests between
    them; the first, exclusive bind finds that out.
    """
    with bind_alone(host, port) as probe:
        family, place = probe.family, probe.getsockname()
    shared = socket.socket(family, socket.SOCK_STREAM)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    shared.bind(place)
    return shared, str(place[0])
