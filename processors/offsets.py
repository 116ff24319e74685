"""Offsets of what was handled, committed now and then: each commit costs Kafka and us as much as a small batch does.

A commit is a hint only: what it comes too late for is read a second time, and the inbox makes that harmless.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from processors.decode import Record
from runtime.logs import get_logger

COMMIT_SECONDS = 0.2
"""Between two commits; the first one after a quiet time comes at once."""

COMMIT_RECORDS = 100
"""So many do not wait: what is not committed looks like lag, and replays give way to that (replays/live_lane.py)."""

_PATIENCE_SECONDS = 5.0

log = get_logger()


class Offsets:
    """Of one consumer, named `name` in the log. No batch waits for a commit."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None
        self._uncommitted = 0
        self._settling = False
        self._changed = asyncio.Event()
        self._last = 0.0

    def handled(self, client: AIOKafkaConsumer, records: Sequence[Record]) -> None:
        """These are applied or parked, in a transaction that is committed."""
        for place, offsets in by_partition(records).items():
            self._next[place] = max(offsets) + 1
        self._uncommitted += len(records)
        self._changed.set()
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_on(client))

    async def settle(self) -> None:
        """Return when all that was handled is committed, or could not be."""
        if self._committing is not None:
            self._settling = True
            self._changed.set()
            await asyncio.wait({self._committing})
            self._settling = False

    async def _commit_on(self, client: AIOKafkaConsumer) -> None:
        while self._next:
            while (early := self._early()) > 0:
                self._changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), early)
            offsets, self._next, self._uncommitted = self._next, {}, 0
            await self._commit(client, offsets)
            self._last = time.monotonic()

    def _early(self) -> float:
        """Seconds until the next commit is due."""
        if self._settling or self._uncommitted >= COMMIT_RECORDS:
            return 0.0
        return self._last + COMMIT_SECONDS - time.monotonic()

    async def _commit(self, client: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await client.commit(offsets)
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError) as error:
            log.warning("offsets.not_committed", processor=self._name, error=type(error).__name__)


def by_partition(records: Sequence[Record]) -> dict[TopicPartition, list[int]]:
    """The records' offsets."""
    places: dict[tuple[str, int], list[int]] = {}
    for record in records:
        places.setdefault((record.topic, record.partition), []).append(record.offset)
    return {TopicPartition(*place): offsets for place, offsets in places.items()}
