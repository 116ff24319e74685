"""Supervise: keep one consumer alive through everything that Kafka and its client do, without a process restart.

A client can hang in a rejoin that never ends, or stop fetching without an error (aiokafka issues 1154, 1187): when
something is to be done and nothing moves for too long, the consumer is replaced by a new one.

No rebalance lasts longer than the session timeout, which is the patience with a slow member too, and a batch under way
may take its time (`processors.watched`). So what has not moved for a margin more is stuck.
"""

import asyncio
from collections.abc import Callable

from processors.consume import REQUEST_MARGIN_SECONDS, Consumer
from processors.watched import Watched
from runtime.errors import ServiceUnavailable
from runtime.kafka_clients import ADMIN_TIMEOUT_MS, BROKER_UNREACHABLE
from runtime.logs import get_logger
from runtime.metrics import consumer_lag, processor_stopped

LOOK_SECONDS = 2.0
STUCK_MARGIN_SECONDS = 5.0

log = get_logger()


class Supervisor:
    """Runs the consumers of one processor, one after the other, until stopped."""

    def __init__(
        self,
        make_consumer: Callable[[], Consumer],
        *,
        name: str,
        busy: Callable[[], str | None],
        session_timeout_seconds: float,
    ) -> None:
        """`busy` says why no progress is to be expected now (an outage of Postgres), or None."""
        self._make_consumer = make_consumer
        self._name = name
        self._busy = busy
        self._start_patience = session_timeout_seconds + REQUEST_MARGIN_SECONDS + ADMIN_TIMEOUT_MS / 1000
        self._patience = session_timeout_seconds + STUCK_MARGIN_SECONDS
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._state: str | None = "is not connected to Kafka yet"
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
                async with asyncio.timeout(self._start_patience):
                    await consumer.start()
                await self._watch(consumer)
            except (ServiceUnavailable, *BROKER_UNREACHABLE) as error:
                self._state = f"cannot reach Kafka: {type(error).__name__}"
                log.warning("consumer.unreachable", processor=self._name, error=type(error).__name__)
            except Exception:
                self._state = "failed to start, see the log"
                log.exception("consumer.failed", processor=self._name)
            finally:
                await consumer.stop()
            await self._pause(1.0)

    async def _watch(self, consumer: Consumer) -> None:
        """Return when the consumer is to be replaced, or all is to end."""
        watched = Watched(consumer)
        while not self._stop.is_set():
            if consumer.stopped_by is not None:
                self._state = f"stopped by the parking limit: {consumer.stopped_by}; fix the cause, then restart it"
                processor_stopped.labels(self._name).set(1)
                await consumer.stop()
                await self._stop.wait()
                return
            await watched.look(waits=self._busy() is not None)
            self._state = watched.trouble
            if watched.lag is not None:
                consumer_lag.labels(self._name).set(watched.lag)
            if watched.still_seconds() > self._patience:
                log.warning("consumer.stuck", processor=self._name, lag=watched.lag, trouble=watched.trouble)
                self._state = "got stuck and is being replaced"
                return
            await self._pause(LOOK_SECONDS, or_until=consumer.ended)

    async def _pause(self, seconds: float, *, or_until: asyncio.Event | None = None) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stop, or_until) if event is not None]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
