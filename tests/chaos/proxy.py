"""A TCP proxy that does to connections what networks do: refuse, cut, swallow, delay, throttle, forget."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from enum import StrEnum

HOST = "127.0.0.1"
_CHUNK_BYTES = 64 * 1024
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends RST in place of FIN."""


class Trouble(StrEnum):
    """What a link does while it lasts."""

    REFUSE = "refuse"
    """nobody listens; open connections are reset"""
    CUT = "cut"
    """open connections are reset once; new ones are fine"""
    BLACKHOLE = "blackhole"
    """connections open, nothing passes either way; what was held back passes afterwards"""
    HALF_OPEN = "half-open"
    """requests pass, answers do not; they come afterwards"""
    FORGET = "forget"
    """connections that are open now never carry a byte again, and nobody is told; new ones are fine"""
    DELAY = "delay"
    """every piece takes `DELAY_SECONDS` longer, each way"""
    THROTTLE = "throttle"
    """`THROTTLE_BYTES_PER_SECOND` each way, over all connections"""


DELAY_SECONDS = 0.15
THROTTLE_BYTES_PER_SECOND = 60_000.0


@dataclass(eq=False, slots=True)
class _Connection:
    """Both ends of one connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    forgotten: bool = False

    def reset(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()


class Proxy:
    """`async with Proxy() as proxy:` listens on a free port or the one given, and passes everything to `target`.

    `target` is a port of this machine and may be set, or change, later. `strike(trouble)` lasts until `heal()`.
    """

    def __init__(self, *, port: int = 0, target: int = 0) -> None:
        self.port = port
        self.target = target
        self.trouble: Trouble | None = None
        self._listening: asyncio.Server | None = None
        self._open: set[_Connection] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._requests_pass = asyncio.Event()
        self._answers_pass = asyncio.Event()
        self._line = _Line()
        self._let_pass()

    async def __aenter__(self) -> "Proxy":
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hang_up()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    def strike(self, trouble: Trouble) -> None:
        """Begin; ends with `heal`."""
        self.trouble = trouble
        if trouble == Trouble.REFUSE:
            self._hang_up()
        elif trouble == Trouble.CUT:
            self._reset_all()
        elif trouble == Trouble.FORGET:
            for connection in self._open:
                connection.forgotten = True
        elif trouble in {Trouble.BLACKHOLE, Trouble.HALF_OPEN}:
            self._answers_pass.clear()
            if trouble == Trouble.BLACKHOLE:
                self._requests_pass.clear()

    async def heal(self) -> None:
        """All is well again, but for connections that were reset or forgotten."""
        self.trouble = None
        self._let_pass()
        if self._listening is None:
            await self._listen()

    def _let_pass(self) -> None:
        self._requests_pass.set()
        self._answers_pass.set()

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(self._accept, HOST, self.port, backlog=512)
        self.port = self._listening.sockets[0].getsockname()[1]

    def _hang_up(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        self._reset_all()

    def _reset_all(self) -> None:
        for connection in list(self._open):
            connection.reset()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._requests_pass.wait()  # a black hole says neither yes nor no
        try:
            upstream, server = await asyncio.open_connection(HOST, self.target)
        except OSError:
            _Connection(writer, writer).reset()
            return
        connection = _Connection(writer, server)
        self._open.add(connection)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pass(connection, reader, server, self._requests_pass))
                ways.create_task(self._pass(connection, upstream, writer, self._answers_pass))
        except* OSError:
            pass  # one end is gone: so is the connection
        finally:
            self._open.discard(connection)
            connection.reset() if connection.forgotten else _close(connection)

    async def _pass(
        self, connection: _Connection, source: asyncio.StreamReader, to: asyncio.StreamWriter, passes: asyncio.Event
    ) -> None:
        while piece := await source.read(_CHUNK_BYTES):
            await passes.wait()
            if self.trouble == Trouble.DELAY:
                await asyncio.sleep(DELAY_SECONDS)
            elif self.trouble == Trouble.THROTTLE:
                await self._line.carry(len(piece))
            if connection.forgotten:
                await asyncio.Event().wait()  # for ever: until the proxy ends
            to.write(piece)
            await to.drain()
        await passes.wait()
        if to.can_write_eof() and not connection.forgotten:
            to.write_eof()


@dataclass(slots=True)
class _Line:
    """A slow line: pieces follow each other."""

    free_at: float = field(default=0.0)

    async def carry(self, size: int) -> None:
        now = asyncio.get_running_loop().time()
        self.free_at = max(now, self.free_at) + size / THROTTLE_BYTES_PER_SECOND
        await asyncio.sleep(self.free_at - now)


def _close(connection: _Connection) -> None:
    for end in (connection.client, connection.server):
        end.close()
