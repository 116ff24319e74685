"""A partner's server that behaves as it is told: answers in sequence, delays, hangs up, trickles, lies.

It speaks HTTP/1.1 by hand, because a well-mannered server library cannot be made to misbehave. Requests are recorded
with the time they came, so that a test can count and measure what a partner would have seen.
"""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self, cast

HangUp = Literal["never", "at-once", "reset", "in-body"]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came. Header names are lower case; `at` is the monotonic clock's time of its last byte."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


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


OK = Reaction()
Chooser = Callable[[Received], Reaction]


@dataclass(slots=True)
class Sink:
    """`async with Sink() as sink:` listens on a free port of this machine; `sink.url` is its address."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    _plans: dict[str, list[Reaction]] = field(default_factory=dict)
    _chooser: Chooser | None = None
    _server: asyncio.Server | None = None
    _open: set["_Connection"] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; after `stop` again on the same port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._open):
            connection.cut()
        self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def plan(self, path: str, *reactions: Reaction) -> str:
        """React to requests at `path` in this sequence, the last for ever; returns the whole address."""
        self._plans[path] = list(reactions)
        return self.url + path

    def choose(self, chooser: Chooser) -> None:
        """React to requests at unplanned paths as `chooser` says."""
        self._chooser = chooser

    def at(self, path: str) -> list[Received]:
        """The requests that came to one path."""
        return [request for request in self.requests if request.path == path]

    async def wait_for(self, done: Callable[[], bool], *, seconds: float = 20.0) -> None:
        """Wait until `done()`, looked at after every request; fails with what was received when it takes longer."""
        deadline = time.monotonic() + seconds
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                counts: dict[str, int] = {}
                for request in self.requests:
                    counts[request.path] = counts.get(request.path, 0) + 1
                raise AssertionError(f"not done after {seconds} s; requests by path: {counts}")
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                continue

    async def wait_count(self, path: str, count: int, *, seconds: float = 20.0) -> list[Received]:
        """Wait until `path` was called `count` times; returns those requests."""
        await self.wait_for(lambda: len(self.at(path)) >= count, seconds=seconds)
        return self.at(path)

    def take(self, request: Received) -> Reaction:
        """Record a request and pick the reaction to it."""
        self.requests.append(request)
        self._news.set()
        plan = self._plans.get(request.path)
        if plan:
            return plan.pop(0) if len(plan) > 1 else plan[0]
        return self._chooser(request) if self._chooser else OK


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, kept alive."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._sink.connections += 1
        self._sink._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._sink._open.discard(self)
        if self._task is not None:
            self._task.cancel()

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        request = self._request()
        if request is None or self._transport is None:
            return
        reaction = self._sink.take(request)
        if reaction.delay_seconds or reaction.trickle_seconds or reaction.hang_up != "never":
            self._task = asyncio.ensure_future(self._misbehave(self._transport, reaction))
        else:
            self._transport.write(reaction.raw if reaction.raw is not None else reaction.head() + reaction.body)

    def _request(self) -> Received | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return Received(path=first.split(" ")[1], headers=headers, body=rest[:length], at=time.monotonic())

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
