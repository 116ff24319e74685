"""An ingest on real Kafka, a client that speaks HTTP by hand, and what lies on Kafka afterwards."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pyreqwest.client
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from ingest.main import IngestService
from runtime.settings import Settings
from schemas.topics import all_topics


@dataclass(frozen=True)
class Record:
    """A record as it lies on Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def settings(bootstrap: str, prefix: str, **ingest: Any) -> Settings:
    kafka = {"bootstrap_servers": bootstrap, "topic_prefix": prefix, "partitions": 2}
    sources = {"atlas": {"dialect": "atlas"}}
    return Settings.model_validate({"kafka": kafka, "ingest": {"port": 0, **ingest}, "sources": sources})


def order(number: str, **more: Any) -> bytes:
    return json.dumps({"type": "order.ticketed", "data": {"orderNo": number}, **more}).encode()


@asynccontextmanager
async def running(configured: Settings) -> AsyncIterator[IngestService]:
    service = IngestService(configured)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]


async def request(
    port: int, body: bytes, *, path: str = "/in/atlas", head: Sequence[str] = (), half_close: bool = False
) -> Answer:
    """POST on a connection of its own; `head` are more header lines, or a Content-Length of one's own. `half_close`:
    say that nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *head]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in head):
        lines.append(f"Content-Length: {len(body)}")
    try:
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        if half_close:
            writer.write_eof()
        return parse(await reader.read())
    finally:
        writer.close()


def parse(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), body, headers)


async def get(service: IngestService, path: str) -> tuple[int, str]:
    async with pyreqwest.client.ClientBuilder().build() as client:
        answer = await client.get(service.server.url + path).build().send()
        return answer.status, await answer.text()


async def answered(port: int, *, when: Callable[[int], bool]) -> None:
    """Post orders until the status is as wished."""
    async with asyncio.timeout(60):
        number = 0
        while not when((await request(port, order(f"probe-{number}"))).status):
            number += 1
            await asyncio.sleep(0.02)


async def records(bootstrap: str, prefix: str) -> list[Record]:
    """Every record on the prefix's topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        places: list[TopicPartition] = []
        for topic in all_topics(prefix):
            partitions = consumer.partitions_for_topic(topic) or await consumer._client._wait_on_metadata(topic)
            places.extend(TopicPartition(topic, number) for number in partitions)
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning()
        found: list[Record] = []
        while [place for place in places if ends[place] > await consumer.position(place)]:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(Record(r.topic, r.key or b"", r.value or b"", tuple(r.headers)) for r in batch)
        return found
    finally:
        await consumer.stop()
