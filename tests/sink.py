"""A partner's server for tests: it reacts as planned and records what came, to be counted and measured."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cli.rude_server import Reaction, Received, RudeServer

__all__ = ["OK", "Chooser", "Reaction", "Received", "Sink"]

OK = Reaction()
Chooser = Callable[[Received], Reaction]


@dataclass(slots=True)
class Sink:
    """`async with Sink() as sink:` listens on a free port of this machine; `sink.url` is its address."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    _plans: dict[str, list[Reaction]] = field(default_factory=dict)
    _chooser: Chooser | None = None
    _server: RudeServer | None = None
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
        if self._server is None:
            self._server = RudeServer(self.take, port=self.port, tls=self.tls)
        await self._server.start()
        self.port = self._server.port

    async def stop(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is not None:
            await self._server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many came."""
        return self._server.connections if self._server is not None else 0

    @property
    def open(self) -> int:
        """How many connections are open now."""
        return len(self._server.open) if self._server is not None else 0

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
