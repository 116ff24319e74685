"""Exports: the original record, whole, on a topic of Kafka's own kind, with Kafka's own six headers."""

from collections import Counter
from typing import Any

from aiokafka import AIOKafkaConsumer

from replays.export import ExportTask
from runtime.settings import KafkaSettings
from tests.services.redrives.conftest import Bench, KafkaRecord, Reader


async def read_all(bootstrap: str, topic: str, *, number: int) -> list[Any]:
    """This many records, in whatever order their partitions give them."""
    found: list[Any] = []
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest"
    ) as consumer:
        while len(found) < number:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
    return found


async def test_an_export_is_the_original_with_kafkas_own_headers(
    bench: Bench, kafka_bootstrap: str, topic_prefix: str
) -> None:
    kafka = KafkaSettings(bootstrap_servers=kafka_bootstrap, topic_prefix=topic_prefix, partitions=2)
    plain = bench.record("A")
    odd = KafkaRecord(7, None, None, [("ce_id", None), ("twice", b"\xff"), ("twice", b"")], timestamp=1)
    bench.reader = Reader({"A": "of no use"})
    await bench.take([plain, odd])
    await bench.pool.execute("UPDATE parked SET redrive_count = 3 WHERE order_no = 'A'")
    topic = f"dlq.raw.order.ticketed.{topic_prefix}processor.ticketed"
    for _ in range(2):
        run = await bench.ask("export")
        async with bench.replaying(ExportTask(kafka)):
            assert await bench.ended(run) == {"exported": 2, "topics": {topic: 2}}
    assert await bench.parked_states() == {"parked": 2}, "an export settles nothing"

    found = await read_all(kafka_bootstrap, topic, number=4)
    assert Counter(record.timestamp for record in found) == {plain.timestamp: 2, 1: 2}, "each writes all of them"
    written = {record.timestamp: record for record in found}
    came, came_odd = written[plain.timestamp], written[1]
    own = len(plain.headers)
    assert (came.key, came.value, list(came.headers[:own])) == (plain.key, plain.value, list(plain.headers))
    assert list(came.headers[own:]) == [
        ("__dlq.errors.topic", b"raw.order.ticketed"),
        ("__dlq.errors.partition", b"0"),
        ("__dlq.errors.offset", str(plain.offset).encode()),
        ("__dlq.errors.group", f"{topic_prefix}processor.ticketed".encode()),
        ("__dlq.errors.delivery.count", b"4"),
        ("__dlq.errors.message", b"broken-release: of no use"),
    ]
    assert (came_odd.key, came_odd.value, list(came_odd.headers[:3])) == (None, b"", list(odd.headers))
