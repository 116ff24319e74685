"""What ingest takes at once: events per second of a source, bytes in flight, bytes and seconds of one body."""

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import Any

from ingest.declining import Decline
from runtime.deadlines import Deadlines
from runtime.exchange import BodyBroken, Exchange

BODY_PATIENCE_SECONDS = 15.0
"""A body that is not complete by then is given up, so that slow senders cannot hold connections for ever."""

SMALL_CHUNKS = 1000
SMALL_BYTES = 64
"""More chunks than that must be larger than this on average: every chunk costs as much as a small request does."""


class TokenBucket:
    """`rate` events a second on average, `burst` at once. Times are seconds of one monotonic clock."""

    def __init__(self, rate: float, burst: int, *, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled_at = now

    def take(self, now: float) -> int | None:
        """Take one token and return None; or, when there is none, the whole seconds until there will be."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return math.ceil((1 - self._tokens) / self._rate)
        self._tokens -= 1
        return None


class BytesInFlight:
    """The bodies that are being received or sent, as one sum with a bound."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.now = 0


class Patience:
    """With bodies: one timer for all that are being read, by the event loop in which they are."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadlines: Deadlines[asyncio.Task[Any]] = Deadlines(self._interrupt)
        self._interrupted: set[asyncio.Task[Any]] = set()

    async def wait(self, body: Awaitable[bytes]) -> bytes:
        """The body; raises TimeoutError when it is not there within `BODY_PATIENCE_SECONDS`."""
        task = asyncio.current_task(self._loop)  # without the loop it asks the system which process this is
        if task is None:
            raise RuntimeError("a body is read in a task")
        self._deadlines.add(task, time.monotonic() + BODY_PATIENCE_SECONDS)
        try:
            return await body
        except asyncio.CancelledError:
            if task not in self._interrupted or task.uncancel():
                raise
            raise TimeoutError from None
        finally:
            self._deadlines.drop(task)
            self._interrupted.discard(task)

    def _interrupt(self, task: asyncio.Task[Any]) -> None:
        self._interrupted.add(task)
        task.cancel()


class BodyReader:
    """Reads one request's body within the limits, and gives its share of the bytes in flight back when closed."""

    def __init__(
        self, in_flight: BytesInFlight, patience: Patience, *, max_body_bytes: int, retry_after_seconds: int
    ) -> None:
        self._in_flight = in_flight
        self._patience = patience
        self._max_body = max_body_bytes
        self._retry_after = retry_after_seconds
        self._held = 0

    async def read(self, exchange: Exchange) -> bytes:
        """The whole body; raises Decline (400, 408, 413, 503). Holds no more than the limit at any time.

        What is only announced is not held: else a few clients that send nothing could shut out all others.
        """
        announced = exchange.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else None
        if length is not None:
            self._fits(length)
        try:
            if exchange.has_ended:  # nearly always: it came with the head
                return await self._whole(exchange)
            return await self._patience.wait(self._whole(exchange))
        except TimeoutError:
            raise Decline(408, f"the body was not complete within {BODY_PATIENCE_SECONDS:g} s") from None
        except BodyBroken:
            raise Decline(400, "the body ended before it was complete, or its chunks are malformed") from None

    def close(self) -> None:
        """Give back what was held. Safe to repeat."""
        self._in_flight.now -= self._held
        self._held = 0

    async def _whole(self, exchange: Exchange) -> bytes:
        """One buffer that grows: adding bytes to bytes would copy all that came before for every chunk that comes."""
        buffer, chunks = bytearray(), 0
        async for chunk in exchange:
            chunks += 1
            self._hold(len(buffer) + len(chunk))
            buffer += chunk
            if chunks > SMALL_CHUNKS and len(buffer) < chunks * SMALL_BYTES:
                raise Decline(
                    400, f"the body comes in more than {SMALL_CHUNKS} chunks of less than {SMALL_BYTES} bytes"
                )
        return bytes(buffer)

    def _hold(self, size: int) -> None:
        """Hold `size` bytes for this body in all, or decline."""
        self._fits(size)
        if self._in_flight.now + size - self._held > self._in_flight.bound:
            raise Decline(503, "too much is being received at once", retry_after_seconds=self._retry_after)
        self._in_flight.now += size - self._held
        self._held = size

    def _fits(self, size: int) -> None:
        if size > self._max_body:
            raise Decline(413, f"the body is larger than {self._max_body} bytes")
