"""aiokafka's producer, with records gathered into batches by us, and able to be given up."""

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, ProducerClosed
from aiokafka.partitioner import murmur2
from aiokafka.producer.sender import Sender, SendProduceReqHandler
from aiokafka.structs import TopicPartition

from runtime.deadlines import Deadlines
from runtime.kafka_clients import BROKER_UNREACHABLE, MAX_MESSAGE_BYTES, MAX_VALUE_BYTES, client_arguments
from runtime.producer_lane import Lane, Record
from runtime.settings import KafkaSettings

MAX_BATCH_BYTES = 128 * 1024
REQUEST_TIMEOUT_MS = 5_000
RETRY_BACKOFF_MS = 50
METADATA_MAX_AGE_MS = 60_000
PROBE_PATIENCE_SECONDS = 1.0
REQUEST_SPACING_SECONDS = 0.003
"""Between the beginnings of two requests to one broker; a lone record waits for nothing. Under load the batches are
larger for it: the broker's CPU for an event fell by a third."""


class _Forgiving(set[Any]):
    """aiokafka's set of batches under way. Those that `fail_pending` ended leave it a second time with the answer."""

    def remove(self, element: Any) -> None:
        self.discard(element)


class _SpacingSender(Sender):
    """aiokafka's sender, which else asks a broker again as soon as it has answered."""

    async def _send_produce_req(self, node_id: int, batches: dict[TopicPartition, Any]) -> None:
        begun = time.monotonic()
        await SendProduceReqHandler(self, batches).do(node_id)
        await asyncio.sleep(begun + REQUEST_SPACING_SECONDS - time.monotonic())
        self._in_flight.remove(node_id)
        self._muted_partitions.difference_update(batches)


class BatchingProducer(AIOKafkaProducer):
    """An aiokafka producer that can also be given up: its own `stop` waits for deliveries that may never come."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # aiokafka annotates no argument
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
            **client_arguments(settings),
        )
        self._message_accumulator._pending_batches = _Forgiving()  # noqa: SLF001
        self._sender = _SpacingSender(  # type: ignore[no-untyped-call]
            self.client,
            acks=-1,  # all
            txn_manager=self._txn_manager,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            message_accumulator=self._message_accumulator,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._deadlines: Deadlines[asyncio.Future[None]] = Deadlines(_give_up)

    async def deliver(self, topic: str, record: Record) -> None:
        """Return when the brokers have the record on all in-sync replicas; raises KafkaError or TimeoutError."""
        partitions = self._metadata._partitions.get(topic)  # noqa: SLF001 - the public way copies them for each record
        if partitions is None:
            async with asyncio.timeout_at(record.deadline):
                partitions = await self.partitions_for(topic)
        if len(record.value) > MAX_VALUE_BYTES:
            raise MessageSizeTooLargeError(f"{len(record.value)} bytes")
        # As Java's clients choose, so that any other producer puts an order's records on the same partition.
        partition = (murmur2(record.key) & 0x7FFFFFFF) % len(partitions)
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = Lane(self._message_accumulator, TopicPartition(topic, partition))
            self._lanes[topic, partition] = lane
        stored: asyncio.Future[None] = self._loop.create_future()
        self._deadlines.add(stored, record.deadline)
        try:
            lane.put(record, stored)
            await stored
        finally:
            self._deadlines.drop(stored)

    async def answers(self) -> bool:
        """Whether the sender lives and a broker answers."""
        if self._sender.sender_task.done():
            return False
        try:
            async with asyncio.timeout(PROBE_PATIENCE_SECONDS):
                return bool(await self.client.force_metadata_update())
        except BROKER_UNREACHABLE:
            return False

    async def unwritable(self, *, minimum_in_sync: int) -> tuple[int, int]:
        """How many of its topics' partitions take no record now, by the latest metadata, and of how many.

        They have no leader, or one that cannot be connected to, or fewer replicas in sync than a record needs.
        """
        partitions = [part for topic in self._metadata._partitions.values() for part in topic.values()]  # noqa: SLF001
        leaders = sorted({part.leader for part in partitions if part.leader >= 0})
        reached = dict(zip(leaders, await asyncio.gather(*map(self._reaches, leaders)), strict=True))
        return sum(not reached.get(part.leader, False) or len(part.isr) < minimum_in_sync for part in partitions), len(
            partitions
        )

    async def _reaches(self, node: int) -> bool:
        try:
            async with asyncio.timeout(PROBE_PATIENCE_SECONDS):
                return bool(await self.client.ready(node))
        except BROKER_UNREACHABLE:
            return False

    def fail_pending(self) -> None:
        """Let every waiting sender know at once, and accept nothing more."""
        accumulator = self._message_accumulator
        accumulator.fail_all(ProducerClosed())
        # Looked at, because senders may have given up waiting, and asyncio logs a failure that nobody looked at.
        for batch in accumulator._pending_batches:  # noqa: SLF001
            batch.future.exception()
        for batches in accumulator._batches.values():  # noqa: SLF001
            for batch in batches:
                batch.future.exception()
                batch._drain_waiter.exception()  # noqa: SLF001

    async def finish(self, patience_seconds: float) -> None:
        """Deliver what is pending, within the patience, then close."""
        pending = self._deadlines.all()
        if pending:
            await asyncio.wait(pending, timeout=patience_seconds)
        await self.close()

    async def close(self) -> None:
        """Close without waiting for deliveries. Whatever the sender ends with, it has ended."""
        self._closed = True
        self.fail_pending()
        sender = self._sender.sender_task
        if sender is not None:
            # aiokafka's own callback stumbles over an ended sender of a producer without transactions, and logs that.
            sender.remove_done_callback(self._sender._fail_all)  # noqa: SLF001
            sender.cancel()
        await self.client.close()
        if sender is not None:
            await asyncio.wait({sender}, timeout=PROBE_PATIENCE_SECONDS)
            if sender.done() and not sender.cancelled():
                sender.exception()


def _give_up(stored: asyncio.Future[None]) -> None:
    if not stored.done():
        stored.set_exception(TimeoutError())
