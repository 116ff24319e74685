"""An app called without a server, and the ingest app with a producer that does as it is told."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.app import IngestApp
from ingest.receive import Receiver
from ingest.sources import load_sources
from runtime.health import Health
from runtime.http_server import AsgiApp
from runtime.producer_lane import RecordHeaders
from runtime.rsgi import Headers, RsgiApp
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
class FakeHead:
    method: str
    path: str
    headers: Headers
    query_string: str = ""


@dataclass
class FakeHeaders:
    """As granian's: what is no visible ASCII is not there."""

    pairs: Sequence[tuple[bytes, bytes]]

    def items(self) -> list[tuple[str, str]]:
        return [
            (name.decode("latin-1"), value.decode())
            for name, value in self.pairs
            if all(0x20 <= byte < 0x7F or byte == 0x09 for byte in value)
        ]


class FakeExchange:
    """As granian's: an empty chunk is the end of the body, two are the end of a broken one."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self.answer = Answer()
        self._waiting = deque([*chunks, b""])
        if HANG_UP in chunks:
            self._waiting.append(b"")

    async def __call__(self) -> bytes:
        return b"".join(self._waiting)

    def __aiter__(self) -> "FakeExchange":
        return self

    async def __anext__(self) -> bytes:
        if not self._waiting:
            raise StopAsyncIteration
        chunk = self._waiting.popleft()
        if chunk == HANG:
            await asyncio.Event().wait()
        if chunk == HANG_UP:
            chunk = self._waiting.popleft()
        return chunk

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answer = Answer(status, dict(headers), body)


async def call(
    app: RsgiApp,
    path: str,
    *chunks: bytes,
    method: str = "POST",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Answer:
    """One request, its body in these chunks; an answer of status 0 means that none was sent."""
    exchange = FakeExchange(chunks)
    await app.__rsgi__(FakeHead(method, path, FakeHeaders(headers)), exchange)
    return exchange.answer


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
        pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        return await call(self.app, path, *chunks, headers=pairs)


def ingest(*, sources: dict[str, Any] | None = None, **settings: Any) -> Ingest:
    producer = FakeProducer()
    receiver = Receiver(IngestSettings(**settings), producer, topic_prefix="t.")
    configured = {
        name: SourceSettings.model_validate(s) for name, s in (sources or {"atlas": {"dialect": "atlas"}}).items()
    }
    return Ingest(IngestApp(receiver, load_sources(configured), Health()), producer, receiver)
