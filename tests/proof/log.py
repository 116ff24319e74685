"""Kafka's own record of what came in: every record of the raw topics, by place."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from processors.registry import PROCESSORS
from schemas.topics import processor_group, raw_topic


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record: topic, partition and offset, and its id at ingest (empty: none)."""

    place: tuple[str, int, int]
    ce_id: str


async def read_log(bootstrap: str, topic_prefix: str, processors: Iterable[str]) -> list[LogRecord]:
    """Every record on the topics of these processors, up to their present ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        ends = await _ends(consumer, _topics(topic_prefix, processors).values())
        consumer.assign(list(ends))
        found: list[LogRecord] = []
        while [place for place, end in ends.items() if end > await consumer.position(place)]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    ce_id = dict(record.headers).get("ce_id", b"").decode()
                    found.append(LogRecord((record.topic, record.partition, record.offset), ce_id))
        return found
    finally:
        await consumer.stop()


async def lag(bootstrap: str, topic_prefix: str, processors: Iterable[str]) -> int:
    """Records that these processors have not committed yet."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await consumer.start()
        await admin.start()
        left = 0
        for name, topic in _topics(topic_prefix, processors).items():
            committed = await admin.list_consumer_group_offsets(processor_group(topic_prefix, name))
            for place, end in (await _ends(consumer, [topic])).items():
                left += end - (committed[place].offset if place in committed else 0)
        return left
    finally:
        await admin.close()
        await consumer.stop()


async def _ends(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> dict[TopicPartition, int]:
    places: list[TopicPartition] = []
    for topic in topics:
        numbers = consumer.partitions_for_topic(topic) or await consumer._client._wait_on_metadata(topic)
        places.extend(TopicPartition(topic, number) for number in numbers)
    ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
    return ends


def _topics(topic_prefix: str, processors: Iterable[str]) -> dict[str, str]:
    return {name: raw_topic(topic_prefix, PROCESSORS[name].event_type) for name in processors}
