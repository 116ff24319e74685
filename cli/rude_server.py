"""A partner's server that behaves as it is told: answers, delays, hangs up, trickles, lies.

It speaks HTTP/1.1 by hand, because a well-mannered server library cannot be made to misbehave.
"""

import asyncio
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from runtime.errors import ConfigurationError

HangUp = Literal["never", "at-once", "reset", "in-body"]
MAX_REQUEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came. Header names are lower case; `at` is the monotonic clock's time of its last byte."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the server does with one request.

    `raw` replaces the whole answer; `claimed_length` lies in content-length; `trickle_seconds` passes after each
    single byte of the body; `hang_up` says when the connection is cut instead of going on.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Sequence[tuple[str, str]] = ()
    delay_seconds: float = 0.0
    trickle_seconds: float = 0.0
    claimed_length: int | None = None
    hang_up: HangUp = "never"
    raw: bytes | None = None

    def head(self) -> bytes:
        length = len(self.body) if self.claimed_length is None else self.claimed_length
        lines = [f"HTTP/1.1 {self.status} Reaction", f"content-length: {length}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


React = Callable[[Received], Reaction]


@dataclass(slots=True)
class RudeServer:
    """Asks `react` what to do with each request. Counts the connections that came."""

    react: React
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    connections: int = 0
    _server: asyncio.Server | None = None
    open: set["_Connection"] = field(default_factory=set)

    async def start(self) -> None:
        """Listen; after `stop` again on the same port. Raises ConfigurationError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Connection(self), self.host, self.port, backlog=1024, ssl=self.tls
            )
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {self.host}:{self.port}: {error.strerror or error}", hint="choose another port"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.open):
            connection.cut()
        self._server = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, kept alive."""

    def __init__(self, server: RudeServer) -> None:
        self._of = server
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._of.connections += 1
        self._of.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._of.open.discard(self)
        if self._task is not None:
            self._task.cancel()

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._transport is None:
            return
        try:
            request = self._request()
        except _Unserved as unserved:
            self._transport.write(Reaction(status=unserved.status, body=b"", headers=[("connection", "close")]).head())
            self._transport.close()
            return
        if request is None:
            return
        reaction = self._of.react(request)
        if reaction.delay_seconds or reaction.trickle_seconds or reaction.hang_up != "never":
            self._task = asyncio.ensure_future(self._misbehave(self._transport, reaction))
        else:
            self._transport.write(reaction.raw if reaction.raw is not None else reaction.head() + reaction.body)

    def _request(self) -> Received | None:
        """The first whole request there is; raises _Unserved."""
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            if len(head) > MAX_REQUEST_BYTES:
                raise _Unserved(431)
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        words, length = first.split(" "), headers.get("content-length", "0")
        if len(words) != 3 or re.fullmatch(r"[0-9]{1,18}", length) is None:
            raise _Unserved(400)
        if "transfer-encoding" in headers:
            raise _Unserved(411)
        if int(length) > MAX_REQUEST_BYTES:
            raise _Unserved(413)
        if len(rest) < int(length):
            return None
        self._buffer = rest[int(length) :]
        body = rest[: int(length)]
        return Received(path=words[1], headers=headers, body=body, at=time.monotonic(), method=words[0])

    async def _misbehave(self, transport: asyncio.Transport, reaction: Reaction) -> None:
        await asyncio.sleep(reaction.delay_seconds)
        if reaction.hang_up == "reset":
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if reaction.hang_up in {"at-once", "reset"}:
            transport.abort()
            return
        transport.write(reaction.raw if reaction.raw is not None else reaction.head())
        if reaction.hang_up == "in-body":
            transport.write(reaction.body[: len(reaction.body) // 2])
            transport.close()
            return
        if reaction.raw is None:
            await self._write_body(transport, reaction)

    async def _write_body(self, transport: asyncio.Transport, reaction: Reaction) -> None:
        if not reaction.trickle_seconds:
            transport.write(reaction.body)
            return
        for byte in reaction.body:
            transport.write(bytes([byte]))
            await asyncio.sleep(reaction.trickle_seconds)


class _Unserved(Exception):
    """What even this server cannot take; closed after this status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status
