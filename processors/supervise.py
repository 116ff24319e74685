"""Supervise: keep one consumer alive through everything that Kafka and its client do, without a process restart.

A client can hang in a rejoin that never ends, or stop fetching without an error (aiokafka issues 1154, 1187): when
records wait and none is handled for too long, the consumer is replaced by a new one.
"""

import asyncio
import time
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer

from processors.consume import Consumer
from runtime.errors import ServiceUnavailable
from runtime.kafka_clients import BROKER_UNREACHABLE
from runtime.logs import get_logger
from runtime.metrics import consumer_lag, processor_stopped

LOOK_SECONDS = 2.0
STUCK_SECONDS = 60.0
LAG_PATIENCE_SECONDS = 5.0

log = get_logger()


class Supervisor:
    """Runs the consumers of one processor, one after the other, until stopped."""

    def __init__(self, make_consumer: Callable[[], Consumer], *, name: str, busy: Callable[[], str | None]) -> None:
        """`busy` says why no progress is to be expected now (an outage of Postgres), or None."""
        self._make_consumer = make_consumer
        self._name = name
        self._busy = busy
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._state: str | None = "is not connected to Kafka yet"
        self._moved_at = time.monotonic()
        self._lag = 0
        processor_stopped.labels(name).set(0)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"processor-{self._name}")

    async def stop(self) -> None:
        """Finish and commit the batch under way, then leave the group."""
        self._stop.set()
        if self._task is not None:
            await self._task

    def trouble(self) -> str | None:
        """Why this processor does no work now, or None: a check for `/readyz`."""
        return self._state or self._busy()

    async def _run(self) -> None:
        while not self._stop.is_set():
            consumer = self._make_consumer()
            try:
                await consumer.start()
                await self._watch(consumer)
            except (ServiceUnavailable, *BROKER_UNREACHABLE) as error:
                self._state = f"cannot reach Kafka: {type(error).__name__}"
                log.warning("consumer.unreachable", processor=self._name, error=type(error).__name__)
            except Exception:
                self._state = "failed to start, see the log"
                log.exception("consumer.failed", processor=self._name)
            finally:
                await self._close(consumer)
            await self._pause(1.0)

    async def _watch(self, consumer: Consumer) -> None:
        """Return when the consumer is to be replaced, or all is to end."""
        self._moved_at = time.monotonic()
        while not self._stop.is_set():
            if consumer.stopped_by is not None:
                self._state = f"stopped by the parking limit: {consumer.stopped_by}; fix the cause, then restart it"
                processor_stopped.labels(self._name).set(1)
                await consumer.stop()
                await self._stop.wait()
                return
            await self._look(consumer)
            if time.monotonic() - self._moved_at > STUCK_SECONDS:
                log.warning("consumer.stuck", processor=self._name, lag=self._lag)
                return
            await self._pause(LOOK_SECONDS, or_until=consumer.ended)

    async def _look(self, consumer: Consumer) -> None:
        client = consumer.client
        assigned = client.assignment() if client is not None else frozenset()
        if client is None or not assigned:
            # A member beyond the number of partitions waits, healthy; one that cannot rejoin is stuck.
            self._state = "has no partitions yet" if client is None or _rejoins(client) else None
        else:
            self._state = None
            self._lag = await _lag(client)
            consumer_lag.labels(self._name).set(self._lag)
        idle = self._lag == 0 and self._state is None
        if idle or self._busy() or time.monotonic() - consumer.handled_at < LOOK_SECONDS:
            self._moved_at = time.monotonic()

    async def _close(self, consumer: Consumer) -> None:
        try:
            async with asyncio.timeout(30):
                await consumer.stop()
        except Exception as error:  # noqa: BLE001 - a client that cannot even stop is left behind; a new one follows
            log.warning("consumer.not_stopped", processor=self._name, error=type(error).__name__)

    async def _pause(self, seconds: float, *, or_until: asyncio.Event | None = None) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stop, or_until) if event is not None]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def _rejoins(client: AIOKafkaConsumer) -> bool:
    """Whether the client is out of the group and wants back in. Its only witness is a private future."""
    pending = getattr(getattr(client, "_coordinator", None), "_rejoin_needed_fut", None)
    return pending is not None and pending.done()


async def _lag(client: AIOKafkaConsumer) -> int:
    """Records of our partitions that are not read yet."""
    places = client.assignment()
    async with asyncio.timeout(LAG_PATIENCE_SECONDS):
        ends = await client.end_offsets(list(places))
        return sum([max(0, end - await client.position(place)) for place, end in ends.items()])
