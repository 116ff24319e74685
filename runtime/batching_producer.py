"""aiokafka's producer, with records gathered into batches by us, and able to be given up."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, ProducerClosed
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from runtime.kafka_clients import BROKER_UNREACHABLE, MAX_MESSAGE_BYTES, MAX_VALUE_BYTES, client_arguments
from runtime.settings import KafkaSettings

RecordHeaders = Sequence[tuple[str, bytes]]

MAX_BATCH_BYTES = 128 * 1024
REQUEST_TIMEOUT_MS = 5_000
RETRY_BACKOFF_MS = 50
METADATA_MAX_AGE_MS = 60_000
PROBE_PATIENCE_SECONDS = 1.0


class Record(NamedTuple):
    """What is sent. Past `deadline`, a time of the event loop's clock, nobody waits for it any more."""

    key: bytes
    value: bytes
    headers: RecordHeaders
    deadline: float


class _Lane:
    """The way to one partition: while one batch is under way, what comes meanwhile gathers for the next.

    So a lone record waits for nothing, and under load batches grow by themselves.
    """

    def __init__(self, producer: "BatchingProducer", topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._waiting: deque[tuple[Record, asyncio.Future[None]]] = deque()
        self.moving: asyncio.Task[None] | None = None
        """Runs while there is something to send."""

    def put(self, record: Record) -> asyncio.Future[None]:
        """Send a record; the future's exception is a KafkaError, or TimeoutError past the deadline."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((record, future))
        if self.moving is None:
            self.moving = asyncio.create_task(self._move(), name=f"lane {self._topic} {self._partition}")
        return future

    async def _move(self) -> None:
        while self._waiting:
            batch, futures, deadline = self._gather()
            try:
                # One timer for a batch: one for each record would cost a twentieth of the rate.
                async with asyncio.timeout_at(deadline):
                    await (await self._producer.send_batch(batch, self._topic, partition=self._partition))
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                _resolve(futures, error)
            else:
                _resolve(futures, None)
        self.moving = None

    def _gather(self) -> tuple[BatchBuilder, list[asyncio.Future[None]], float]:
        """As many of the waiting as one batch holds, and the deadline of the first, which comes before the others'."""
        batch = self._producer.create_batch()
        futures: list[asyncio.Future[None]] = []
        deadline = self._waiting[0][0].deadline
        while self._waiting:
            (key, value, headers, _), future = self._waiting[0]
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                break
            futures.append(future)
            self._waiting.popleft()
        batch.close()
        return batch, futures, deadline


def _resolve(futures: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


class _Forgiving(set[Any]):
    """aiokafka's set of batches under way. Those that `fail_pending` ended leave it a second time with the answer."""

    def remove(self, element: Any) -> None:
        self.discard(element)


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
        self._lanes: dict[tuple[str, int], _Lane] = {}

    async def deliver(self, topic: str, record: Record) -> None:
        """Return when the brokers have the record on all in-sync replicas; raises KafkaError or TimeoutError."""
        partitions = self._metadata.partitions_for_topic(topic)
        if partitions is None:
            async with asyncio.timeout_at(record.deadline):
                partitions = await self.partitions_for(topic)
        if len(record.value) > MAX_VALUE_BYTES:
            raise MessageSizeTooLargeError(f"{len(record.value)} bytes")
        # As Java's clients choose, so that any other producer puts an order's records on the same partition.
        partition = (murmur2(record.key) & 0x7FFFFFFF) % len(partitions)
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = _Lane(self, topic, partition)
        await lane.put(record)

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
        moving = [lane.moving for lane in self._lanes.values() if lane.moving is not None]
        if moving:
            await asyncio.wait(moving, timeout=patience_seconds)
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
