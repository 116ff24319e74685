"""Accepted means stored: what was answered 200 lies on Kafka, byte for byte, and rubbish does not."""

import asyncio
import errno
import json
import random
import socket
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from runtime.kafka_clients import MAX_MESSAGE_BYTES, ensure_topics
from schemas.raw_event import from_record
from schemas.topics import all_topics
from tests.services.ingest.hub import answered, get, order, records, request, running, settings
from tests.waiting import until

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "atlas").glob("0[145]-*.json"))


def refuses_connections(port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


async def test_what_is_answered_200_lies_on_kafka_byte_for_byte(kafka_bootstrap: str, topic_prefix: str) -> None:
    bodies = [sample.read_bytes() for sample in SAMPLES] + [
        order(f"N{number}", pad="x" * number) for number in range(60)
    ]
    traceparent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        answers = await asyncio.gather(*(request(service.server.port, body, head=[traceparent]) for body in bodies))
        assert {(answer.status, answer.body) for answer in answers} == {(200, b"{}")}
        found = await records(kafka_bootstrap, topic_prefix)
    assert sorted(record.value for record in found) == sorted(bodies)
    for record in found:
        event = from_record(key=record.key, value=record.value, headers=record.headers)
        assert event.order_no == str(json.loads(event.body)["data"]["orderNo"])
        assert record.topic == f"{topic_prefix}raw.{event.type}"
        assert event.traceparent in traceparent
        assert event.traceparent
    assert len({dict(record.headers)["ce_id"] for record in found}) == len(bodies)


async def test_rubbish_is_declined_and_never_stored(kafka_bootstrap: str, topic_prefix: str) -> None:
    chunked = ["Transfer-Encoding: chunked"]
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        assert (await request(port, b"x" * (2 * 1024 * 1024))).status == 413
        assert (await request(port, b"200000\r\n" + b"x" * 0x200000 + b"\r\n0\r\n\r\n", head=chunked)).status == 413
        assert (await request(port, b"\xff\xfe\x00")).status == 400
        assert (await request(port, order("1"), path="/in/nobody")).status == 404
        assert (await request(port, order("1"), head=["X: \xff\xfe", "X: \xe4"])).status == 200
        assert (await request(port, b"zz\r\n", head=chunked)).status >= 400
        whole = order("cut short")
        assert (await request(port, b"%x\r\n%s\r\nzz\r\n" % (len(whole), whole), head=chunked)).status == 400
        assert (await request(port, b"%x\r\n%s" % (len(whole) + 1, whole), head=chunked, half_close=True)).status == 400
        assert (await request(port, whole, head=[f"Content-Length: {len(whole) + 1}"], half_close=True)).status == 400
        assert (await request(port, b"", head=["Content-Length: x"])).status == 400
        assert (await get(service, "/livez"))[0] == 200
        assert (await request(port, b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole), head=chunked)).status == 200
        found = await records(kafka_bootstrap, topic_prefix)
    assert all(json.loads(record.value)["data"]["orderNo"] for record in found)
    assert [record.value for record in found].count(whole) == 1


async def test_the_largest_body_is_taken_even_when_it_cannot_be_compressed(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    configured = settings(kafka_bootstrap, topic_prefix)
    body = order("1", pad="")
    characters = [chr(code) for code in range(0x4E00, 0x9F00)]
    noise = "".join(random.Random(1).choices(characters, k=(1024 * 1024 - len(body)) // 3))
    body = body.replace(b'"pad": ""', b'"pad": "' + noise.encode() + b'"')
    assert 1024 * 1024 - 3 < len(body) <= 1024 * 1024
    async with running(configured) as service:
        assert (await request(service.server.port, body)).status == 200
        assert [record.value for record in await records(kafka_bootstrap, topic_prefix)] == [body]


async def test_topics_are_made_once_by_many_at_once(kafka_bootstrap: str, topic_prefix: str) -> None:
    kafka = settings(kafka_bootstrap, topic_prefix).kafka
    created = await asyncio.gather(*(ensure_topics(kafka, all_topics(topic_prefix)) for _ in range(4)))
    assert set().union(*created) == set(all_topics(topic_prefix))
    assert await ensure_topics(kafka, all_topics(topic_prefix)) == []


async def test_stopping_finishes_what_was_accepted(kafka_bootstrap: str, topic_prefix: str) -> None:
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = order("slow-one")
        head = f"POST /in/atlas HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        writer.write(head + body[:10])
        await until(lambda: service.receiver.in_flight.now > 0)
        stopping = asyncio.create_task(service.stop())
        await until(lambda: refuses_connections(port))
        assert not stopping.done()
        writer.write(body[10:])
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        await stopping
        writer.close()
    assert b"slow-one" in b"".join(record.key for record in await records(kafka_bootstrap, topic_prefix))


async def test_a_request_that_never_ends_does_not_hold_up_stopping(kafka_bootstrap: str, topic_prefix: str) -> None:
    configured = settings(kafka_bootstrap, topic_prefix, stop_grace_seconds=0.2)
    async with running(configured) as service:
        _, writer = await asyncio.open_connection("127.0.0.1", service.server.port)
        writer.write(b"POST /in/atlas HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        await until(lambda: service.receiver.in_flight.now > 0)
        async with asyncio.timeout(5):
            await service.stop()
        writer.close()


async def test_topics_are_made_as_the_settings_say(kafka_bootstrap: str, topic_prefix: str) -> None:
    kafka = settings(kafka_bootstrap, topic_prefix).kafka.model_copy(update={"retention_hours": 5, "partitions": 3})
    topic = all_topics(topic_prefix)[0]
    await ensure_topics(kafka, [topic])
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        # A producer that is connected has seen the topics: the brokers have told each other.
        await until(lambda: service.producer.trouble() is None)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        described: Any = (await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))[0]
        (metadata,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    ((_, _, _, _, entries),) = described.resources
    configs = {entry[0]: entry[1] for entry in entries}
    assert configs["retention.ms"] == str(5 * 3_600_000)
    assert configs["compression.type"] == "producer"
    assert configs["max.message.bytes"] == str(MAX_MESSAGE_BYTES)
    assert len(metadata["partitions"]) == 3
