"""Kafka, looked at from beside: every record that came in, what is not processed yet, who is in a group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from processors.registry import PROCESSORS
from schemas.topics import processor_group, raw_topic

_MEMBERS = 5
"""Where the members stand in Kafka's description of a group."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record: topic, partition and offset, and its id at ingest (empty: none)."""

    place: tuple[str, int, int]
    ce_id: str


class KafkaView:
    """`async with KafkaView(…) as view:` looks at the topics of these processors, as a member of no group."""

    def __init__(self, bootstrap: str, *, topic_prefix: str, processors: Iterable[str]) -> None:
        self._prefix = topic_prefix
        self._topics = {name: raw_topic(topic_prefix, PROCESSORS[name].event_type) for name in processors}
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._admin.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._admin.close()
        await self._consumer.stop()

    async def records(self) -> list[LogRecord]:
        """Every record, up to the topics' present ends."""
        ends = await self._ends(self._topics.values())
        self._consumer.assign(list(ends))
        await self._consumer.seek_to_beginning()
        found: list[LogRecord] = []
        while [place for place, end in ends.items() if end > await self._consumer.position(place)]:
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    ce_id = dict(record.headers).get("ce_id", b"").decode()
                    found.append(LogRecord((record.topic, record.partition, record.offset), ce_id))
        return found

    async def lag(self) -> int:
        """Records that the processors have not committed yet."""
        left = 0
        for name, topic in self._topics.items():
            committed = await self._committed(name)
            for place, end in (await self._ends([topic])).items():
                left += end - (committed[place].offset if place in committed else 0)
        return left

    async def forget_members(self, processor: str) -> None:
        """Put all members out of a processor's group, as if their sessions had run out.

        A session is 6 s at the least (Kafka's `group.min.session.timeout.ms`); so long a group waits for its dead.
        """
        group = processor_group(self._prefix, processor)
        try:
            coordinator = await self._admin.find_coordinator(group)
            answers: Any = await self._admin.describe_consumer_groups([group], coordinator)
        except GroupCoordinatorNotAvailableError:
            return  # Kafka has no groups yet
        members = answers[0].groups[0][_MEMBERS]
        for member_id, *_ in members:
            await self._admin._send_request(LeaveGroupRequest(group, member_id), coordinator)

    async def _committed(self, processor: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        try:
            return await self._admin.list_consumer_group_offsets(processor_group(self._prefix, processor))
        except GroupCoordinatorNotAvailableError:
            return {}

    async def _ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        places: list[TopicPartition] = []
        for topic in topics:
            numbers = self._consumer.partitions_for_topic(topic) or await self._consumer._client._wait_on_metadata(
                topic
            )
            places.extend(TopicPartition(topic, number) for number in numbers)
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(places)
        return ends
