"""Watched: what a consumer is up to, and for how long nothing has moved though there is something to do."""

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer

from processors.consume import Consumer
from runtime.kafka_clients import BROKER_UNREACHABLE

LAG_PATIENCE_SECONDS = 3.0
BATCH_PATIENCE_SECONDS = 300.0
"""As long as the client itself lets a member take for a batch (max.poll.interval), of which it may lose count."""


class Watched:
    """One consumer, looked at again and again.

    `trouble`: why it does no work now, or None; `lag`: records that wait for it, None when nobody knows.
    """

    def __init__(self, consumer: Consumer) -> None:
        self.trouble: str | None = None
        self.lag: int | None = None
        self._consumer = consumer
        self._moved_at = time.monotonic()
        self._signs: tuple[Any, ...] = ()

    def still_seconds(self) -> float:
        """How long nothing has moved that should."""
        return time.monotonic() - self._moved_at

    async def look(self, *, waits: bool) -> None:
        """Take stock. `waits`: the handler waits for Postgres, and no progress is to be expected."""
        client = self._consumer.client
        self.trouble, self.lag = await _situation(client)
        self.trouble = self.trouble or self._consumer.trouble
        if self.lag is not None:
            self.lag += self._consumer.in_hand
        now = time.monotonic()
        since = self._consumer.batch_since
        well = self.lag == 0 if since is None else now - since < BATCH_PATIENCE_SECONDS
        signs = (self._consumer.handled_at, _generation(client))
        if waits or well or signs != self._signs:
            self._moved_at = now
        self._signs = signs


async def _situation(client: AIOKafkaConsumer | None) -> tuple[str | None, int | None]:
    """What keeps it from work, if anything, and its lag.

    A member beyond the number of partitions has nothing to do, and is well; one that is out of its group is not.
    """
    if client is None:
        return "has no client", None
    if _rejoins(client):
        return "is joining its group", None
    try:
        async with asyncio.timeout(LAG_PATIENCE_SECONDS):
            return None, await _lag(client)
    except BROKER_UNREACHABLE as error:
        return f"cannot ask Kafka for its lag: {type(error).__name__}", None


async def _lag(client: AIOKafkaConsumer) -> int:
    """Records of its partitions that it has not read yet."""
    places = client.assignment()
    ends = await client.end_offsets(list(places)) if places else {}
    return sum([max(0, end - await client.position(place)) for place, end in ends.items()])


def _rejoins(client: AIOKafkaConsumer) -> bool:
    """Whether the client is out of the group and wants back in. Its only witness is a private future."""
    pending = getattr(_coordinator(client), "_rejoin_needed_fut", None)
    return pending is not None and pending.done()


def _generation(client: AIOKafkaConsumer | None) -> Any:
    """Changes with every rebalance that ended."""
    return getattr(_coordinator(client), "generation", None)


def _coordinator(client: AIOKafkaConsumer | None) -> Any:
    return getattr(client, "_coordinator", None)
