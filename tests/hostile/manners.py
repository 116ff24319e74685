"""Clients that speak HTTP rightly and behave badly: gone in the middle, slow, silent, in crowds."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from tests.hostile.storm import Tally
from tests.hostile.talk import chunked, request
from tests.hostile.wire import GOOD_WITHIN_SECONDS, Door, good, spoken

DRIP_SECONDS = 0.2

Manner = Callable[[Door], Awaitable[None]]


async def gone_in_the_body(door: Door) -> None:
    """Announced, begun, and reset."""
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(request("POST", door.path, [(b"Content-Length", b"1000000")], b"{" * 1000))
        await writer.drain()
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def half_closed(door: Door) -> None:
    """Less than was announced, and no more to come: it must not be waited for."""
    for _ in range(20):
        begun = time.monotonic()
        await spoken(door.port, request("POST", door.path, [(b"Content-Length", b"50")], b"{"))
        assert time.monotonic() - begun < GOOD_WITHIN_SECONDS, "half a request was waited for"


async def in_crumbs(door: Door) -> None:
    """A body of 200 KB in chunks of one byte."""
    sent = request("POST", door.path, [(b"Transfer-Encoding", b"chunked")], chunked(b" " * 200_000, [1]))
    await asyncio.gather(*(spoken(door.port, sent) for _ in range(4)))


MANNERS: Mapping[str, Manner] = {"reset": gone_in_the_body, "half closed": half_closed, "crumbs": in_crumbs}
"""Clients that end by themselves."""


_HEAD = b"POST %b HTTP/1.1\r\nHost: x\r\n"
SLOW: Mapping[str, bytes] = {
    "head dripped": _HEAD,
    "body dripped": _HEAD + b"Content-Length: 1000000\r\n\r\n{",
    "chunks dripped": _HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{",
    "silent": b"",
    "nothing read": b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
}
"""How a slow client begins; it goes on byte by byte, or not at all, and reads nothing."""


async def misbehave(door: Door, tally: Tally) -> None:
    """Every bad manner, and a good request after it."""
    for name, manner in MANNERS.items():
        await manner(door)
        await good(door, tally, after=name)


async def crowded(door: Door, tally: Tally, *, clients: int, questions: int) -> float:
    """Good requests beside crowds of slow clients of every kind; returns the slowest good request's seconds."""
    slowest = 0.0
    for name, beginning in SLOW.items():
        number = clients // 10 if name == "nothing read" else clients  # their many questions are work, too
        async with crowd(door, beginning.replace(b"%b", door.path), clients=number):
            for _ in range(questions):
                slowest = max(slowest, await good(door, tally, after=name))
            tally.note(f"slow client: {name}", "held", None)
    return slowest


@contextlib.asynccontextmanager
async def crowd(door: Door, beginning: bytes, *, clients: int) -> AsyncIterator[list[socket.socket]]:
    """So many connections that have sent a beginning and drip on."""
    sockets = []
    for _ in range(clients):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that little is enough not to be read
        client.connect(("127.0.0.1", door.port))
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.send(beginning)
        sockets.append(client)
    dripping = asyncio.create_task(_drip(sockets))
    try:
        yield sockets
    finally:
        dripping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dripping
        for client in sockets:
            client.close()


async def _drip(sockets: list[socket.socket]) -> None:
    while True:
        await asyncio.sleep(DRIP_SECONDS)
        for client in sockets:
            with contextlib.suppress(OSError):
                client.send(b"a")
