"""One HTTP request, and the answer to it, as an app of `DoorServer` sees them."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Protocol


class BodyBroken(Exception):
    """The body ended before it was complete, or its chunks are malformed: nothing more of it will come."""


class App(Protocol):
    """Answers requests."""

    async def handle(self, exchange: "Exchange") -> None:
        """Answer one, by `exchange.answer`."""


class Wire(Protocol):
    """What an exchange needs of its connection."""

    def body_wanted(self, exchange: "Exchange") -> None:
        """The app waits for more of the body."""

    def answered(self, exchange: "Exchange", head: bytes, body: bytes) -> None:
        """Send the answer; its head is still to be ended."""


class Exchange:
    """`path` is decoded, `query` as it was sent; header names are lower case, a repeated header is one list (RFC 9110,
    5.3), and one whose value holds more than visible ASCII is left out."""

    def __init__(self, wire: Wire, *, method: str, path: str, query: str, headers: Mapping[str, str]) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.has_ended = self.is_answered = self._broken = False
        self.keeps = False  # whether another request may follow on the connection
        self.held = 0  # bytes that came and were not asked for yet
        self._wire = wire
        self._chunks: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> "Exchange":
        return self

    async def __anext__(self) -> bytes:
        """The next piece of the body, never empty. Raises BodyBroken."""
        while not self._chunks:
            if self._broken:
                raise BodyBroken
            if self.has_ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            self._wire.body_wanted(self)
            await self._waiter
        chunk = self._chunks.popleft()
        self.held -= len(chunk)
        return chunk

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer, once; does not wait."""
        if self.is_answered:
            raise RuntimeError("an exchange has one answer")
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        head = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{lines}content-length: {len(body)}\r\n"
        written = head.encode("ascii")
        self.is_answered = True
        self._wire.answered(self, written, b"" if self.method == "HEAD" else body)

    def put(self, chunk: bytes) -> None:
        """The connection's: more of the body came."""
        self._chunks.append(chunk)
        self.held += len(chunk)
        self._wake()

    def end(self, *, keeps: bool) -> None:
        """The connection's: that was all of the body."""
        self.has_ended, self.keeps = True, keeps
        self._wake()

    def break_off(self) -> None:
        """The connection's: no more of the body will come, though there should be."""
        self._broken, self.keeps = not self.has_ended, False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


_PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
