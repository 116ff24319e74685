"""The HTTP server of ingest's door, where thousands of requests a second come in (docs/decisions/0052)."""

import asyncio
import socket
from collections.abc import Coroutine

from runtime.deadlines import Deadlines
from runtime.door_connection import Connection
from runtime.exchange import App, Exchange
from runtime.listening import BACKLOG, bind_alone, connection_limit, cut_who_reads_nothing, url_of
from runtime.logs import get_logger

NO_FILES_SECONDS = 0.1
"""Before another try, when the system gave no connection."""

log = get_logger()


class DoorServer:
    """Serves `app` at `host` and `port` (0: a free one). An exception that escapes the app is logged and answered 500
    without a trace of it. `start` raises ConfigurationError when the address cannot be had."""

    def __init__(self, app: App, *, host: str, port: int) -> None:
        self.port = port
        self.is_stopping = False
        self.deadlines: Deadlines[Connection] = Deadlines(Connection.cut)
        self._app = app
        self._host = host
        self._listener: socket.socket | None = None
        self._is_listening = False
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._most = connection_limit()
        self._empty = asyncio.Event()

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        return url_of(self._host, self.port)

    async def start(self) -> None:
        """Listen; returns when connections are accepted."""
        self._listener = bind_alone(self._host, self.port)
        self.port = self._listener.getsockname()[1]
        cut_who_reads_nothing(self._listener)
        self._listener.setblocking(False)
        self._listener.listen(BACKLOG)
        self._listen()

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing more, let accepted requests finish within the grace, then cut what is left. Repeatable."""
        if self._listener is None:
            return
        self.is_stopping = True
        self._pause()
        self._listener.close()
        self._listener = None
        for connection in list(self._connections):
            if connection.is_idle:
                connection.close()
        if self._connections:
            self._empty.clear()
            try:
                async with asyncio.timeout(grace_seconds):
                    await self._empty.wait()
            except TimeoutError:
                log.warning("http.cut", port=self.port, grace_seconds=grace_seconds)
        await self._cut_all()

    def begin(self, exchange: Exchange) -> None:
        self._run(self._handle(exchange))

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._listen()
        if not self._connections:
            self._empty.set()

    async def _cut_all(self) -> None:
        for connection in list(self._connections):
            connection.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connections:
            self._empty.clear()
            await self._empty.wait()

    async def _handle(self, exchange: Exchange) -> None:
        try:
            await self._app.handle(exchange)
        except Exception as error:
            log.exception("http.failed", path=exchange.path[:100], error=type(error).__name__)
        if not exchange.is_answered:
            exchange.answer(500, [("content-type", "text/plain; charset=utf-8")], b"Internal server error")

    def _listen(self) -> None:
        if self._listener is not None and not self._is_listening:
            self._is_listening = True
            asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def _pause(self) -> None:
        if self._listener is not None and self._is_listening:
            self._is_listening = False
            asyncio.get_running_loop().remove_reader(self._listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            accepted, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            log.warning("http.not_accepted", port=self.port, error=type(error).__name__, text=str(error))
            self._pause()
            asyncio.get_running_loop().call_later(NO_FILES_SECONDS, self._listen)
            return
        accepted.setblocking(False)
        connection = Connection(self)
        self._connections.add(connection)
        if len(self._connections) >= self._most:
            self._pause()
        self._run(self._let_in(connection, accepted))

    async def _let_in(self, connection: Connection, accepted: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted)
        except OSError:  # gone again
            self.lost(connection)

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
