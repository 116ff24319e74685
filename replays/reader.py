"""Read a stretch of Kafka again: by assignment, without a group and without commits, so that nobody notices.

The plan fixes where each partition begins and ends; whatever comes later is not of this run. Progress is the next
offset of each partition, and reading goes on from there after a kill.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import murmur2
from pydantic import BaseModel, ConfigDict

from replays.selection import StampedRecord, matcher
from runtime.errors import InvalidRequest, ServiceUnavailable
from runtime.kafka_clients import ADMIN_TIMEOUT_MS, BROKER_UNREACHABLE, client_arguments, ensure_topics
from runtime.settings import KafkaSettings
from schemas.selection import Selection
from schemas.topics import raw_topic

CLOCK_MARGIN = timedelta(seconds=60)
"""Processes of ingest stamp by their own clocks, so records of one partition may lie out of order by that much. The
first offset past a time leaves out none that is later, but perhaps some that are earlier: we read on, and look."""

EMPTY_POLL_MS = 500

Next = Mapping[str, int]
"""The offset to read next, by `Part.name`. A part that is not there was not begun."""


def part_name(topic: str, partition: int) -> str:
    """A partition, as progress names it."""
    return f"{topic}/{partition}"


class Part(BaseModel):
    """One partition's stretch: offsets from `begin`, before `end`. `type` is the one of the topic."""

    model_config = ConfigDict(frozen=True)

    type: str
    topic: str
    partition: int
    begin: int
    end: int

    @property
    def name(self) -> str:
        return part_name(self.topic, self.partition)

    @property
    def place(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


class Plan(BaseModel):
    """What will be read: fixed once, kept with the run's progress, the same after a resumption."""

    model_config = ConfigDict(frozen=True)

    selection: Selection
    parts: tuple[Part, ...]

    @property
    def offsets(self) -> int:
        """How many offsets will be passed; records are as many at the most."""
        return sum(part.end - part.begin for part in self.parts)

    def passed(self, next_: Next) -> int:
        """How many of them lie behind us."""
        return sum(min(next_.get(part.name, part.begin), part.end) - part.begin for part in self.parts)


@dataclass(frozen=True, slots=True)
class Batch:
    """Selected records of one type's topic, in order within each partition, and where to go on after them.

    May hold no records: then offsets were passed that are not selected, or nothing came for a while.
    `expired` counts offsets that retention took from Kafka before they were read.
    """

    type: str
    records: Sequence[StampedRecord]
    next: Next
    expired: int = 0


async def plan(settings: KafkaSettings, selection: Selection, *, client_id: str) -> Plan:
    """Where the selection begins and ends, as of now.

    Raises InvalidRequest when a topic has no such partition, ServiceUnavailable when the brokers cannot be reached.
    """
    topics = {raw_topic(settings.topic_prefix, name): name for name in selection.read_types}
    try:
        await ensure_topics(settings, topics)
        partitions = await _partitions(settings, list(topics))
        places = [place for topic in topics for place in _chosen(topic, partitions[topic], selection)]
        async with _client(settings, client_id) as client:
            _hold(client, [], later=places)
            begins, ends = await _bounds(client, places, selection)
    except BROKER_UNREACHABLE as error:
        raise _away(settings, error) from error
    parts = [
        Part(type=topics[p.topic], topic=p.topic, partition=p.partition, begin=begins[p], end=ends[p])
        for p in places
        if begins[p] < ends[p]
    ]
    return Plan(selection=selection, parts=tuple(parts))


async def read(
    settings: KafkaSettings, plan: Plan, next_: Next, *, client_id: str, batch_records: int = 500
) -> AsyncGenerator[Batch, None]:
    """Everything of the plan from there on, one topic after the other. Ends at the plan's end.

    While the brokers are away it waits, giving empty batches. Close it when leaving early (`contextlib.aclosing`).
    Raises ServiceUnavailable when they are away at the start.
    """
    if not plan.parts:
        return  # a client that is closed as soon as it was made ends in a cancellation of its own
    matches = matcher(plan.selection)
    at = {part.name: next_.get(part.name, part.begin) for part in plan.parts}
    try:
        async with _client(settings, client_id) as client:
            later = [part.place for part in plan.parts]
            _hold(client, [], later=later)
            for name in dict.fromkeys(part.type for part in plan.parts):
                parts = [part for part in plan.parts if part.type == name]
                later = later[len(parts) :]
                async for records, expired in _topic(client, parts, at, batch_records, later=later):
                    yield Batch(name, [record for record in records if matches(record)], dict(at), expired)
    except BROKER_UNREACHABLE as error:
        raise _away(settings, error) from error


def _hold(client: AIOKafkaConsumer, now: Sequence[TopicPartition], *, later: Sequence[TopicPartition]) -> None:
    """Take these partitions; those of later topics are not read yet, but known: the client learns of a topic that it
    does not hold by failing, half a second later."""
    client.assign([*now, *later])
    client.pause(*later)


async def _topic(
    client: AIOKafkaConsumer,
    parts: Sequence[Part],
    at: dict[str, int],
    batch_records: int,
    *,
    later: Sequence[TopicPartition],
) -> AsyncGenerator[tuple[list[StampedRecord], int], None]:
    """Batches of one topic; moves `at` on. A part that is done is given back: its buffer would hold up the others."""
    expired = await _skip_what_is_gone(client, parts, at)
    held: frozenset[str] = frozenset()
    while unread := [part for part in parts if at[part.name] < part.end]:
        names = frozenset(part.name for part in unread)
        if names != held:
            _hold(client, [part.place for part in unread], later=later)
            for part in unread:
                client.seek(part.place, at[part.name])
            held = names
        records = await _poll(client, unread, at, batch_records)
        yield records, expired
        expired = 0
    if expired:
        yield [], expired


async def _poll(
    client: AIOKafkaConsumer, unread: Sequence[Part], at: dict[str, int], batch_records: int
) -> list[StampedRecord]:
    found: Mapping[TopicPartition, Sequence[Any]] = await client.getmany(
        timeout_ms=EMPTY_POLL_MS, max_records=batch_records
    )
    records: list[StampedRecord] = []
    for part in unread:
        records.extend(record for record in found.get(part.place, ()) if record.offset < part.end)
        # Not the last record's offset: what transactions leave behind has offsets too, and gives no record.
        at[part.name] = min(await client.position(part.place), part.end)
    return records


async def _skip_what_is_gone(client: AIOKafkaConsumer, parts: Sequence[Part], at: dict[str, int]) -> int:
    """Go to the first offset that is still there; returns how many were passed so. A topic that was made anew is
    shorter than its plan: what it does not have is gone too."""
    places = [part.place for part in parts]
    begins, ends = await client.beginning_offsets(places), await client.end_offsets(places)
    gone = 0
    for part in parts:
        there = part.end if ends[part.place] < part.end else min(begins[part.place], part.end)
        if at[part.name] < there:
            gone += there - at[part.name]
            at[part.name] = there
    return gone


async def _bounds(
    client: AIOKafkaConsumer, places: Sequence[TopicPartition], selection: Selection
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    begins: dict[TopicPartition, int] = await client.beginning_offsets(places)
    ends: dict[TopicPartition, int] = await client.end_offsets(places)
    if selection.from_ is not None:
        found = await _at_time(client, places, selection.from_.timestamp())
        begins = {place: ends[place] if (offset := found[place]) is None else offset for place in places}
    if selection.to is not None:
        found = await _at_time(client, places, (selection.to + CLOCK_MARGIN).timestamp())
        ends = {place: ends[place] if (offset := found[place]) is None else offset for place in places}
    if selection.from_offset is not None:
        begins = {place: max(begin, selection.from_offset) for place, begin in begins.items()}
    if selection.to_offset is not None:
        ends = {place: min(end, selection.to_offset) for place, end in ends.items()}
    return begins, ends


async def _at_time(
    client: AIOKafkaConsumer, places: Sequence[TopicPartition], seconds: float
) -> dict[TopicPartition, int | None]:
    """The first offset of that time or later, by partition; None: there is none."""
    found = await client.offsets_for_times(dict.fromkeys(places, max(0, int(seconds * 1000))))
    return {place: None if found[place] is None else found[place].offset for place in places}


def _chosen(topic: str, partitions: Sequence[int], selection: Selection) -> list[TopicPartition]:
    """An order's own partition, as producers choose it, unless the selection says another: partitions that were added
    later have moved orders."""
    if selection.partition is not None:
        if selection.partition not in partitions:
            raise InvalidRequest(
                f"topic {topic} has no partition {selection.partition}",
                hint=f"it has 0 to {max(partitions)}; leave the partition out to read all",
            )
        return [TopicPartition(topic, selection.partition)]
    if selection.order_no is not None:
        return [TopicPartition(topic, (murmur2(selection.order_no.encode()) & 0x7FFFFFFF) % len(partitions))]
    return [TopicPartition(topic, partition) for partition in partitions]


async def _partitions(settings: KafkaSettings, topics: Sequence[str]) -> dict[str, list[int]]:
    admin = AIOKafkaAdminClient(request_timeout_ms=ADMIN_TIMEOUT_MS, **client_arguments(settings))
    try:
        await admin.start()
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    return {topic["topic"]: sorted(part["partition"] for part in topic["partitions"]) for topic in described}


@asynccontextmanager
async def _client(settings: KafkaSettings, client_id: str) -> AsyncIterator[AIOKafkaConsumer]:
    client = AIOKafkaConsumer(
        group_id=None,
        client_id=client_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,  # what is planned is there; a fetch that waits holds up whatever is asked next
        max_partition_fetch_bytes=4 * 1024 * 1024,
        **client_arguments(settings),
    )
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


def _away(settings: KafkaSettings, error: Exception) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"Kafka at {settings.bootstrap_servers} cannot be read: {type(error).__name__}",
        hint="check that the brokers run and that kafka.bootstrap_servers is right",
    )
