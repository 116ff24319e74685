"""HTTP/1.1 by hand: what is sent is sent to the letter, however wrong, and what comes back is read whole."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PATIENCE_SECONDS = 30.0

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "")


class Silence(Exception):
    """The connection ended, or time was up, before there was a whole answer."""


def request(method: str, target: bytes, headers: Sequence[Header], body: bytes) -> bytes:
    """The bytes of a request; with a length unless the headers say one or ask for chunks."""
    lines = [method.encode() + b" " + target + b" HTTP/1.1", b"Host: x"]
    lines += [name + b": " + value for name, value in headers]
    if not {name.lower() for name, _ in headers} & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(body: bytes, sizes: Sequence[int]) -> bytes:
    """The body in chunks of these sizes, in turn."""
    parts, at, turn = [], 0, 0
    while at < len(body):
        part = body[at : at + max(1, sizes[turn % len(sizes)])]
        parts.append(b"%x\r\n%s\r\n" % (len(part), part))
        at, turn = at + len(part), turn + 1
    return b"".join(parts) + b"0\r\n\r\n"


class Line:
    """One connection, opened anew when the other side has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hang_up()

    async def ask(self, sent: bytes, *, method: str = "POST") -> Answer:
        """Send it and read one answer; raises Silence."""
        for _ in range(2):
            fresh = self._streams is None
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1024 * 1024)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await self._exchange(*self._streams, sent, method)
            except (OSError, EOFError) as error:  # time-outs are such too
                await self.hang_up()
                if fresh:
                    raise Silence(f"{type(error).__name__}: {error}") from error
        raise Silence("closed twice")

    async def hang_up(self) -> None:
        """Close what is open."""
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
        self._streams = None

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes, method: str
    ) -> Answer:
        sending = asyncio.create_task(_send(writer, sent))
        try:
            answer = await read_answer(reader, method=method)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending
        if answer.headers.get("connection", "").lower() == "close" or answer.status >= 400:
            await self.hang_up()  # what was not read of a refused body may still be under way
        return answer


async def read_answer(reader: asyncio.StreamReader, *, method: str = "POST") -> Answer:
    """One answer; interim ones (100) are passed over. Raises OSError or EOFError."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        status = int(first.split(" ")[1])
        if status >= 200:
            break
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if method == "HEAD" or status in (204, 304):
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        return Answer(status, headers, await _chunks(reader))
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


async def _send(writer: asyncio.StreamWriter, sent: bytes) -> None:
    with contextlib.suppress(OSError):  # refused before it was all sent: the answer says why
        writer.write(sent)
        await writer.drain()
