"""Consume: batches from Kafka to the handler, offsets committed after its transaction, for one processor.

FastStream reads the batches; acknowledging is ours, because its own acknowledgement commits the position of every
partition, and on a failure it drops the batch or loops on it. A rebalance waits for the batch under way, so that no two
members work on one order at once; whatever still slips through meets the inbox and changes nothing twice.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from processors.cut_off import cut_off
from processors.handle import Handler, TryLater
from processors.kafka_security import broker_arguments
from processors.offsets import Offsets
from processors.overlap import NotTaken, Overlap
from processors.parking_limit import ParkingLimitReached
from processors.reading import Read, Reader
from runtime.kafka_clients import ensure_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.topics import processor_group, raw_topic

FETCH_WAIT_MS = 500
"""How long the broker waits for the first record before it answers that there is none."""

REQUEST_MARGIN_SECONDS = 5.0
"""A join is answered when the rebalance ends, after the session timeout at the latest; requests may last longer."""

BATCHES_OF_A_POLL = 8
"""What is polled at once, for there to be a batch to work on while Postgres writes the one before (overlap.py)."""

POLL_PATIENCE_SECONDS = 30.0
"""So long after a poll its batches begin, what is left is polled again: a member that does not poll for five minutes
loses its partitions (max.poll.interval), and the last two batches may wait for Postgres for long."""

BATCH_GRACE_SECONDS = 15.0
LEAVE_PATIENCE_SECONDS = 3.0

log = get_logger()
_framework_log = logging.getLogger("faststream")
_framework_log.setLevel(logging.ERROR)  # it warns at every start that it may not create topics; we do


class Consumer:
    """One member of the processor's consumer group.

    `ended` is set, with the reason in `stopped_by`, when the parking limit ends its work. `trouble` says why the latest
    batch was not handled, if it was not; `batch_since` and `handled_at` are times of the monotonic clock.
    """

    def __init__(self, settings: Settings, *, name: str, event_type: str, handler: Handler) -> None:
        self.name = name
        self.topic = raw_topic(settings.kafka.topic_prefix, event_type)
        self.group = processor_group(settings.kafka.topic_prefix, name)
        self.stopped_by: str | None = None
        self.trouble: str | None = None
        self.batch_since: float | None = None
        self.handled_at = time.monotonic()
        self._kafka = settings.kafka
        self._handler = handler
        self._gate = asyncio.Lock()
        self._offsets = Offsets(name)
        self._stopping = False
        self._draining = False
        self.ended = asyncio.Event()
        session_ms = int(settings.processors.session_timeout_seconds * 1000)
        self._broker = KafkaBroker(
            **broker_arguments(settings.kafka),
            request_timeout_ms=session_ms + int(REQUEST_MARGIN_SECONDS * 1000),
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=BATCH_GRACE_SECONDS,
            logger=_framework_log,
            apply_types=False,
        )
        self._subscriber = self._broker.subscriber(
            self.topic,
            group_id=self.group,
            batch=True,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            listener=_Drain(self._settled),
            rebalance_timeout_ms=session_ms,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=max(500, session_ms // 10),
            no_reply=True,
            parser=self._parse,
            decoder=_reads,
        )
        self._subscriber(self._take)
        # In place of FastStream's poll, which sleeps after an empty one: a lone event would wait for that, or an idle
        # processor look a hundred times a second.
        batch_records = settings.processors.batch_records
        self._reader = Reader(poll_records=batch_records * BATCHES_OF_A_POLL, decode=handler.decode)
        self._overlap = Overlap(handler, batch_records=batch_records, wanted=self._goes_on)
        self._subscriber.get_msg = self._reader.poll  # type: ignore[method-assign, assignment]

    @property
    def client(self) -> AIOKafkaConsumer | None:
        """The Kafka client, while started."""
        return self._subscriber.consumer

    @property
    def in_hand(self) -> int:
        """Records that were read and are not taken yet."""
        return self._reader.ahead + self._overlap.in_hand

    async def start(self) -> None:
        """Create the topic if need be, and join the group. Raises ServiceUnavailable, or what aiokafka raises, when
        the brokers are away."""
        await ensure_topics(self._kafka, [self.topic])
        await self._broker.start()

    async def stop(self) -> None:
        """Finish and commit the batch under way, leave the group; a client that cannot is cut off. Safe to repeat."""
        client, self._stopping = self.client, True
        try:
            async with asyncio.timeout(LEAVE_PATIENCE_SECONDS + (BATCH_GRACE_SECONDS if self.batch_since else 0.0)):
                await self._offsets.settle()
                await self._broker.stop()
        except Exception as error:  # noqa: BLE001 - whatever keeps a client from its end, it must not stay in the group
            log.warning("consumer.cut_off", processor=self.name, error=type(error).__name__)
            if client is not None:
                await cut_off(client)
        await self._reader.close()

    async def _parse(self, batch: tuple[Read, ...]) -> KafkaAckableMessage:
        """In place of FastStream's parser, which raises on a null or non-UTF-8 header and so loses the batch."""
        records = tuple(read.record for read in batch)
        return KafkaAckableMessage(
            body=batch, headers={}, batch_headers=[], raw_message=records, consumer=self._subscriber.consumer
        )

    async def _take(self, batch: Any) -> None:
        """Take a tuple of Read; FastStream would make a pydantic model of a narrower annotation."""
        async with self._gate:
            client = self.client
            if client is None or self.ended.is_set():
                return
            self.batch_since = time.monotonic()
            try:
                held = {place.partition for place in client.assignment()}
                ours: list[Read] = [read for read in batch if read.record.partition in held]
                if ours:
                    await self._handle(client, ours)
                if self._stopping:
                    await self._offsets.settle()
            finally:
                self.batch_since = None

    async def _settled(self) -> None:
        """Return when no batch is under way and all that was handled is committed; forget what was read beyond."""
        self._draining = True
        try:
            async with self._gate:
                await self._offsets.settle()
                self._reader.forget()
        finally:
            self._draining = False

    def _goes_on(self) -> bool:
        """Whether another batch of a poll may begin: nobody waits for its end, and the client is polled in time."""
        since = self.batch_since
        return not (self._stopping or self._draining) and (
            since is None or time.monotonic() - since < POLL_PATIENCE_SECONDS
        )

    async def _handle(self, client: AIOKafkaConsumer, reads: Sequence[Read]) -> None:
        try:
            left = await self._overlap.handle(
                reads, taken=partial(self._taken, client), last_begins=partial(self._reader.look_ahead, client)
            )
        except NotTaken as failure:
            await self._failed(client, failure)
        else:
            if left:
                self._reader.read_again(client, [read.record for read in left])

    def _taken(self, client: AIOKafkaConsumer, batch: Sequence[Read]) -> None:
        self._offsets.handled(client, [read.record for read in batch])
        self.trouble = None
        self.handled_at = time.monotonic()

    async def _failed(self, client: AIOKafkaConsumer, failure: NotTaken) -> None:
        match failure.__cause__:
            case ParkingLimitReached() as reached:
                self.stopped_by = str(reached)
                log.critical(
                    "processor.stopped", processor=self.name, reason=self.stopped_by, hint="see docs/operations.md"
                )
                self.ended.set()
                return
            case TryLater() as later:
                log.warning("batch.reread", processor=self.name, reason=str(later))
                pause = 0.0
            case error:
                self.trouble = "cannot take the latest batch, see the log"
                log.error("batch.failed", processor=self.name, exc_info=error)
                pause = 1.0  # whatever it is, it must not become a hot loop
        self._reader.read_again(client, [read.record for read in failure.reads])
        await asyncio.sleep(pause)


class _Drain(ConsumerRebalanceListener):
    """Holds a rebalance back until the batch under way is committed."""

    def __init__(self, settled: Callable[[], Awaitable[None]]) -> None:
        self._settled = settled

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        del revoked
        await self._settled()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        log.info("partitions.assigned", partitions=sorted(place.partition for place in assigned))


async def _reads(message: KafkaAckableMessage) -> Any:
    """In place of FastStream's decoder: the batch is read by ours."""
    return message.body
