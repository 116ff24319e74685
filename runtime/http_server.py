"""The one HTTP server of every service: an app on granian, inside the running event loop.

Measured beside uvicorn with httptools it answers a quarter more requests (DESIGN §8); it streams bodies with back
pressure, bounds request heads, and lets accepted requests finish when it is stopped. Apps are ASGI, as frameworks
make them, or RSGI, granian's own, which takes half the CPU: for what answers thousands of requests a second.
"""

import asyncio
import contextlib
import os
import resource
import socket
import stat
import weakref
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from runtime.errors import ConfigurationError
from runtime.logs import get_logger
from runtime.rsgi import Exchange, Head, RsgiApp

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER_TIMEOUT_SECONDS = 10
"""A client that has not sent its whole request head by then is cut off: idle connections must cost nothing."""

HEAD_LIMIT_BYTES = 64 * 1024
"""Read buffer of one connection; a longer request head is answered 431."""

UNREAD_SECONDS = 10
"""A client that reads nothing of an answer for so long is cut off: it would hold its connection for ever."""

MAX_CONNECTIONS = 4096
"""Further clients wait to be let in. Slow ones leave within their timeouts; many at once cost 20 KB of memory each."""

FILES_BESIDE_CONNECTIONS = 128
"""Open files left for Kafka, Postgres and logs: a server that may open no more accepts nobody, and burns a core."""

START_PATIENCE_SECONDS = 10.0
THREADS_PATIENCE_SECONDS = 2.0
THREADS_END_SECONDS = 0.1

log = get_logger()


class HttpServer:
    """Serves `app` at `host` and `port` (0: a free one). An ASGI app gets `http` requests only, no lifespan events.

    `start` raises ConfigurationError when the address cannot be had. An exception that escapes the app is logged and
    answered 500 without a trace of it.
    """

    def __init__(self, app: AsgiApp | RsgiApp, *, host: str, port: int) -> None:
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
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - only compared with
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; returns when connections are accepted."""
        reservation, address = _reserve(self._host, self._wanted_port)
        with contextlib.closing(reservation):
            self.port = reservation.getsockname()[1]
            by_rsgi = hasattr(self._app, "__rsgi__")
            guarded = _GuardedRsgi(self._app) if by_rsgi else _Guarded(self._app)
            self._let_go = _when_gone(guarded)
            self._server = Server(
                guarded,
                address=address,
                port=self.port,
                interface=Interfaces.RSGI if by_rsgi else Interfaces.ASGINL,
                http=HTTPModes.http1,
                http1_settings=HTTP1Settings(
                    header_read_timeout=HEADER_TIMEOUT_SECONDS * 1000, max_buffer_size=HEAD_LIMIT_BYTES
                ),
                websockets=False,
                backlog=1024,
                backpressure=_connections(),
                log_enabled=False,
            )
            self._serving = asyncio.create_task(self._server.serve(), name="http-server")
            await self._accepting(address)
            _cut_who_reads_nothing(self.port)

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


class _GuardedRsgi:
    """The same for an RSGI app."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __rsgi__(self, head: Head, exchange: Exchange) -> None:
        try:
            await self._app.__rsgi__(head, exchange)
        except Exception as error:
            log.exception("http.failed", path=head.path[:100], error=type(error).__name__)
            raise


def _connections() -> int:
    """How many clients are served at once, within the files that this process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)  # the server's library has raised it to the hard limit
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, files - FILES_BESIDE_CONNECTIONS))


def _cut_who_reads_nothing(port: int) -> None:
    """The server has no patience to set for writing, but the kernel has, and connections inherit it (Linux, tcp(7)).

    The server tells nobody which socket listens, so it is looked for among this process' files.
    """
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    for number in [int(file.name) for file in Path("/proc/self/fd").iterdir()]:
        with contextlib.suppress(OSError):  # closed since
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as found:
                    if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)


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
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
        shared = socket.socket(family, kind, protocol)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(place)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            hint="another process may hold the port; choose another in the settings (0: a free one)",
        ) from error
    return shared, str(place[0])
