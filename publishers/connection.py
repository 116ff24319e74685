"""One connection to a partner: a request, its answer, then perhaps the next."""

import asyncio
from typing import cast

from publishers.answer import Answered, AnswerReader, NotHttp
from publishers.transport_faults import Fault
from runtime.deadlines import Deadlines
from runtime.event_loop import let_go


class Connection(asyncio.BufferedProtocol):
    """Speaks HTTP/1.1, one exchange at a time. `buffer` is filled and read out within one step of the event loop, so
    all connections may share it. `idle_since` is monotonic seconds."""

    def __init__(self, *, buffer: memoryview, deadlines: "Deadlines[Connection]", max_answer_bytes: int) -> None:
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._buffer = buffer
        self._deadlines = deadlines
        self._reader = AnswerReader(max_bytes=max_answer_bytes)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answered | Fault] | None = None

    @property
    def is_open(self) -> bool:
        """Whether another exchange may begin."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes, *, deadline: float) -> Answered | Fault:
        """Send these bytes and wait for the answer, until this time of the event loop's clock. What the partner said
        before its body broke off stands: a yes must not be sent again."""
        if self._transport is None:
            return Fault("before", "connect-reset", "the connection was closed before anything was sent")
        self._reader.begin()
        self._waiting = self._loop.create_future()
        self._deadlines.add(self, deadline)
        self._transport.write(request)
        try:
            result = await self._waiting
        except asyncio.CancelledError:
            self.cut()  # whatever came: nobody puts it back
            raise
        finally:
            self._deadlines.drop(self)
        if not self._reader.keeps:
            self.cut()
        return result

    def cut(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The deadline of the exchange has come."""
        self._break_off(Fault("during", "timeout", "no answer in time"), cut="timeout")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._waiting is None or self._waiting.done():
            self.cut()  # nobody asked: it must not pass for the answer to what is asked next
            return
        try:
            self._reader.feed(self._buffer[:nbytes])
        except NotHttp as error:
            self._break_off(Fault("during", "protocol", str(error)), cut="body-cut")
            return
        if self._reader.is_too_large:
            self._reader.keeps = False
            self._settle(self._reader.answered("too-large"))
        elif self._reader.is_whole:
            self._settle(self._reader.answered())

    def connection_lost(self, exc: Exception | None) -> None:
        let_go(self._transport)
        self._transport = None
        self._reader.end()
        if self._reader.is_whole:
            self._settle(self._reader.answered())
        else:
            why = type(exc).__name__ if exc else "the connection was closed before the answer"
            self._break_off(Fault("during", "reset", why), cut="body-cut")
        self._reader.close()

    def _break_off(self, fault: Fault, *, cut: str) -> None:
        self._reader.keeps = False
        self._settle(self._reader.answered(cut) if self._reader.status else fault)

    def _settle(self, result: Answered | Fault) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(result)
