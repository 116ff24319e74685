"""Requests that are wrong as HTTP, each sent to the letter on a connection of its own, and a good request after it."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass

from tests.hostile.raw_requests import raw_requests
from tests.hostile.storm import Tally
from tests.hostile.talk import Line, Silence

GOOD_WITHIN_SECONDS = 5.0
"""A good request is answered within it, whoever else is connected: who waits for a slow client waits 10 s or more."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a service is knocked at: its port, a path of its own that takes bodies, and a request it answers 200."""

    port: int
    path: bytes
    good: bytes
    good_method: str = "POST"


async def send_raw(door: Door, tally: Tally, *, part: float = 1.0) -> None:
    """Every raw request, and a good one after it. `part`: this share of them, evenly."""
    named = list(raw_requests(door.path).items())
    for name, (sent, at_most) in named[:: round(1 / part)]:
        back = await spoken(door.port, sent)
        statuses = [int(status) for status in _STATUS.findall(back)]
        wrong = [status for status in statuses if status >= 500]
        problem = f"{name}: answered {statuses[:60]}" if wrong or len(statuses) > at_most else None
        tally.note("wire", statuses[-1] if statuses else "closed", problem)
        await good(door, tally, after=name)


async def good(door: Door, tally: Tally, *, after: str) -> float:
    """Ask a good request on a connection of its own, and take its time."""
    begun = time.monotonic()
    async with Line(door.port) as line:
        try:
            answer = await line.ask(door.good, method=door.good_method)
        except Silence as silence:
            tally.note("wire good", "none", f"no good answer after {after}: {silence}")
            return time.monotonic() - begun
    took = time.monotonic() - begun
    slow = f"after {after}: status {answer.status} in {took:.1f} s"
    tally.note("wire good", answer.status, slow if answer.status != 200 or took > GOOD_WITHIN_SECONDS else None)
    return took


async def spoken(port: int, sent: bytes) -> bytes:
    """What comes back after half closing; the other side may cut it at any time."""
    back = b""
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            with contextlib.suppress(OSError):
                writer.write(sent)
                await asyncio.wait_for(writer.drain(), 10)
                writer.write_eof()
            async with asyncio.timeout(20):
                while piece := await reader.read(65_536):
                    back += piece
        finally:
            writer.close()
    return back
