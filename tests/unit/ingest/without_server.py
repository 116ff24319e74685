"""An app called without a server, and the ingest app with a producer that does as it is told."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.app import IngestApp
from ingest.receive import Receiver
from ingest.sources import load_sources
from runtime.exchange import App, Exchange
from runtime.health import Health
from runtime.http_server import AsgiApp
from runtime.producer_lane import RecordHeaders
from runtime.settings import IngestSettings, SourceSettings

BODY = b'{"type": "order.ticketed", "data": {"orderNo": "A1"}}'
HANG_UP = b"\x00hang up"
HANG = b"\x00hang"
"""Chunks that stand for a sender who goes away, or sends no more."""


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> str:
        """The error's code."""
        return str(json.loads(self.body)["error"]["code"])


@dataclass
class FakeWire:
    """A connection whose client sends these chunks, each when it is asked for."""

    waiting: deque[bytes]
    got: Answer = field(default_factory=Answer)

    def body_wanted(self, exchange: Exchange) -> None:
        if not self.waiting:
            exchange.end(keeps=True)
        elif (chunk := self.waiting.popleft()) == HANG_UP:
            exchange.break_off()
        elif chunk != HANG:
            exchange.put(chunk)

    def answered(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        del exchange
        first, *lines = head.decode().splitlines()
        self.got = Answer(int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body)


async def call(
    app: App,
    path: str,
    *chunks: bytes,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request, its body in these chunks; an answer of status 0 means that none was sent."""
    wire = FakeWire(deque(chunks))
    await app.handle(Exchange(wire, method=method, path=path, query="", headers=headers or {}))
    return wire.got


async def call_asgi(app: AsgiApp, path: str, *, method: str) -> Answer:
    """One request without a body."""
    answer = Answer()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message["body"]

    await app({"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}, receive, send)
    return answer


@dataclass
class FakeProducer:
    """Keeps what it was sent; `fault` is raised instead, `gate` is waited for first."""

    sent: list[tuple[str, bytes, bytes, dict[str, bytes]]] = field(default_factory=list)
    fault: Exception | None = None
    gate: asyncio.Event | None = None

    async def send(self, topic: str, *, key: bytes, value: bytes, headers: RecordHeaders) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.sent.append((topic, key, value, dict(headers)))


@dataclass
class Ingest:
    """The app under test, and what it stands on."""

    app: IngestApp
    producer: FakeProducer
    receiver: Receiver

    async def post(self, *chunks: bytes, path: str = "/in/atlas", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await call(self.app, path, *chunks, headers=named)


def ingest(*, sources: dict[str, Any] | None = None, **settings: Any) -> Ingest:
    producer = FakeProducer()
    receiver = Receiver(IngestSettings(**settings), producer, topic_prefix="t.")
    configured = {
        name: SourceSettings.model_validate(s) for name, s in (sources or {"atlas": {"dialect": "atlas"}}).items()
    }
    return Ingest(IngestApp(receiver, load_sources(configured), Health()), producer, receiver)
