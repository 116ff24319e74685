"""The producer that a process sends through: it says yes only when the brokers have the record, and mends itself.

aiokafka's idempotent producer never gives a record up by itself, and after some errors it refuses every later one for
good. So one loop watches it: it asks the brokers for a sign of life whenever no acknowledgement came lately, and puts
a fresh producer in the place of a broken one. A caller that was told no may find its record stored all the same; it
sends again, and the repeat changes nothing downstream (DESIGN §2 rule 1).
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from aiokafka.errors import (
    InvalidTopicError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from runtime.batching_producer import BatchingProducer
from runtime.errors import InvalidRequest, ServiceUnavailable, TicketwireError
from runtime.kafka_clients import BROKER_UNREACHABLE, client_arguments, ensure_topics
from runtime.logs import get_logger
from runtime.loops import Loop
from runtime.metrics import kafka_unwritable_partitions, producer_rebuilds
from runtime.producer_lane import Record, RecordHeaders
from runtime.settings import KafkaSettings

BUILD_PATIENCE_SECONDS = 4.0
WATCH_SECONDS = 0.5

ABOUT_THE_TOPIC = (TopicAuthorizationFailedError, InvalidTopicError, UnknownTopicOrPartitionError)
"""Refusals of one topic: the producer itself is sound."""

log = get_logger()


class SupervisedProducer:
    """One per process. `start` returns at once, with or without Kafka; `send` may be called from many tasks.

    It is in one of three states: it has a producer; it knows that Kafka is down (`_down` says why), and sending fails
    fast; or neither, while the next producer is built and senders wait for it within their own time.
    """

    def __init__(self, settings: KafkaSettings, *, topics: Sequence[str] = (), send_timeout_seconds: float) -> None:
        """`topics` are created where missing, whenever a connection is made. Raises ConfigurationError."""
        client_arguments(settings)
        self._settings = settings
        self._topics = tuple(topics)
        self._send_timeout = send_timeout_seconds
        self._producer: BatchingProducer | None = None
        self._down: str | None = None
        self._settled = asyncio.Event()
        self._discarded: list[BatchingProducer] = []
        self._acknowledged_at = 0.0
        self._unwritable = (0, 0)
        self._outage_is_logged = False
        self._loop = Loop("kafka-producer", self._watch)

    def start(self) -> None:
        """Begin to connect, in the background."""
        # While brokers are down aiokafka logs several lines a second; the loop below says it once.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        self._loop.start()

    async def stop(self) -> None:
        """Deliver what was accepted, within the send timeout, and close. Safe to repeat."""
        await self._loop.stop()
        producer, self._producer = self._producer, None
        self._settle(down="is closed")
        if producer is not None:
            await producer.finish(self._send_timeout)
        await self._close_discarded()

    def trouble(self) -> str | None:
        """Why nothing, or little, can be sent now, or None: a check for `/readyz`.

        It stays None while most partitions take records: refused traffic would lose those their orders, too.
        """
        if self._producer is None:
            return f"Kafka {self._down or 'is being connected to'}"
        unwritable, partitions = self._unwritable
        return f"Kafka takes no record for {unwritable} of {partitions} partitions" if self._mostly_unwritable else None

    async def send(self, topic: str, *, key: bytes, value: bytes, headers: RecordHeaders) -> None:
        """Return when the brokers have the record on all in-sync replicas; takes the send timeout at most.

        Raises ServiceUnavailable when that did not happen (the record may be stored all the same), at once if Kafka
        is known to be down; InvalidRequest when the topic takes no record of this size.
        """
        begun = time.monotonic()
        record = Record(key, value, headers, begun + self._send_timeout)
        while True:
            producer = self._producer or await self._next_producer(record.deadline)
            try:
                await producer.deliver(topic, record)
            except MessageSizeTooLargeError as error:
                raise InvalidRequest(f"topic {topic} takes no record of {len(value)} bytes") from error
            except ABOUT_THE_TOPIC as error:
                raise ServiceUnavailable(f"topic {topic} cannot be written to: {type(error).__name__}") from error
            except TimeoutError:
                if self._acknowledged_at < begun:
                    self._replace(producer, f"acknowledged nothing for {self._send_timeout:g} s", down=True)
                raise ServiceUnavailable(f"Kafka did not acknowledge within {self._send_timeout:g} s") from None
            except BROKER_UNREACHABLE as error:
                # Whatever it was, this producer may refuse all that follows; a repeat by the next one is harmless.
                self._replace(producer, f"refused a record: {type(error).__name__}", down=False)
                continue
            self._acknowledged_at = time.monotonic()
            return

    async def _next_producer(self, deadline: float) -> BatchingProducer:
        while self._producer is None:
            if self._down is not None:
                raise ServiceUnavailable(f"Kafka {self._down}")
            try:
                async with asyncio.timeout_at(deadline):
                    await self._settled.wait()
            except TimeoutError:
                raise ServiceUnavailable("Kafka is being connected to") from None
        return self._producer

    def _replace(self, producer: BatchingProducer, reason: str, *, down: bool) -> None:
        """Take a broken producer out of use; of many senders that find the same one broken, the first one counts."""
        if producer is not self._producer:
            return
        producer_rebuilds.inc()
        log.warning("kafka.producer_replaced", reason=reason)
        self._producer = None
        self._settle(down=reason if down else None)
        producer.fail_pending()
        self._discarded.append(producer)
        self._loop.wake()

    def _settle(self, *, down: str | None) -> None:
        self._down = down
        if down is None and self._producer is None:
            self._settled.clear()
        else:
            self._settled.set()

    async def _watch(self) -> float:
        await self._close_discarded()
        producer = self._producer
        if producer is None:
            await self._build()
        elif self._is_quiet() and not await producer.answers():
            self._replace(producer, "does not answer", down=True)
        else:
            await self._look_at_partitions(producer)
        return WATCH_SECONDS

    async def _look_at_partitions(self, producer: BatchingProducer) -> None:
        before = self._mostly_unwritable
        if self._unwritable[0]:
            await producer.answers()  # errors renew the metadata, but nothing does when records go through again
        self._unwritable = await producer.unwritable(minimum_in_sync=self._settings.min_insync_replicas)
        unwritable, partitions = self._unwritable
        kafka_unwritable_partitions.set(unwritable)
        if self._mostly_unwritable != before:
            log.warning("kafka.unwritable_partitions", unwritable=unwritable, partitions=partitions)

    @property
    def _mostly_unwritable(self) -> bool:
        unwritable, partitions = self._unwritable
        return unwritable * 2 >= partitions > 0

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._acknowledged_at > WATCH_SECONDS

    async def _build(self) -> None:
        producer = BatchingProducer(self._settings)
        try:
            async with asyncio.timeout(BUILD_PATIENCE_SECONDS):
                await ensure_topics(self._settings, self._topics)
                await producer.start()
                for topic in self._topics:
                    await producer.partitions_for(topic)
                await self._look_at_partitions(producer)
        except (TicketwireError, *BROKER_UNREACHABLE) as error:
            await producer.close()
            self._settle(down="cannot be reached")
            if not self._outage_is_logged:
                log.warning("kafka.unavailable", error=type(error).__name__, text=str(error)[:300])
                self._outage_is_logged = True
            return
        self._producer = producer
        self._settle(down=None)
        self._outage_is_logged = False
        log.info("kafka.available", brokers=self._settings.bootstrap_servers)

    async def _close_discarded(self) -> None:
        while self._discarded:
            await self._discarded.pop().close()
