"""Reading: a consumer's next batch, read and decoded as far as can be while Postgres works on the present one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from processors.decode import Record
from processors.offsets import by_partition
from schemas.arrival import Arrival
from store.parked import ParkedEvent

POLL_MS = 500
"""How long a poll waits for the first record; it returns with it."""

BATCHES_APART_SECONDS = 0.006
"""From one batch's begin to the next one's, at least. Each costs Kafka, Postgres, a publisher and us much that is the
same for one event as for ten: at 200 events a second, with a batch for each poll, two cores were busy, and everything
waited for them. The first batch after a quiet time begins at once, and a large one takes longer anyhow."""

AHEAD_RECORDS = 200
"""So many are decoded beside a batch at the most: with 500 a processor under full load held 163 MB, with 200 135."""

Said = Arrival | ParkedEvent
"""What a record says, or why it says nothing."""


class Read(NamedTuple):
    """A record and what it says; None: it is not decoded yet."""

    record: Record
    says: Said | None = None


class Reader:
    """Of one consumer. What the client gave is kept until a poll takes it: the client would not give it again."""

    def __init__(self, *, poll_records: int, decode: Callable[[Sequence[Record]], Awaitable[list[Said]]]) -> None:
        self._poll_records = poll_records
        self._decode = decode
        self._ahead: tuple[Read, ...] = ()
        self._looking: asyncio.Task[None] | None = None
        self._begun = 0.0

    @property
    def ahead(self) -> int:
        """Records that were read and are in no batch yet."""
        return len(self._ahead)

    async def poll(self, client: AIOKafkaConsumer) -> tuple[Read, ...]:
        """The next batch; empty when nothing came for a while. Takes what there is before it waits for the batch's
        time: the client fetches nothing more as long as records lie unread."""
        if self._looking is not None:
            looking, self._looking = self._looking, None
            await looking
        was_ahead = bool(self._ahead)
        if not was_ahead:
            self._ahead = await self._more(client, wait_ms=POLL_MS)
        early = self._begun + BATCHES_APART_SECONDS - time.monotonic()
        if 0 < len(self._ahead) < self._poll_records and (was_ahead or early > 0):
            await asyncio.sleep(max(0.0, early))
            with suppress(KafkaError):  # it is raised at the next poll
                self._ahead += await self._more(client)
        found, self._ahead = self._ahead, ()
        return found

    def look_ahead(self, client: AIOKafkaConsumer) -> None:
        """A batch begins: read and decode beside it what there is already. Nobody but the next poll waits for that, for
        in a rebalance it waits itself until that has ended, and that until the batch has."""
        self._begun = time.monotonic()
        self._looking = asyncio.create_task(self._look(client))

    def read_again(self, client: AIOKafkaConsumer, batch: Iterable[Record]) -> None:
        """Let the next poll begin with this batch, which was not taken; what was read after it is read again too."""
        records = [*batch, *(read.record for read in self._ahead)]
        self.forget()
        held = client.assignment()
        for place, offsets in by_partition(records).items():
            if place in held:
                client.seek(place, min(offsets))

    def forget(self) -> None:
        """Leave what was read ahead to whoever holds the partitions next; that may be us."""
        self._ahead = ()

    async def close(self) -> None:
        """End what goes on beside a batch."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self, client: AIOKafkaConsumer) -> None:
        try:
            found = self._ahead = await self._more(client, most=AHEAD_RECORDS)
        except KafkaError:
            return  # it is raised at the next poll
        records = [read.record for read in found]
        decoded = tuple(map(Read, records, await self._decode(records)))
        if self._ahead is found:  # else it was read again, or forgotten, meanwhile
            self._ahead = decoded

    async def _more(self, client: AIOKafkaConsumer, *, wait_ms: int = 0, most: int | None = None) -> tuple[Read, ...]:
        room = min(self._poll_records - len(self._ahead), most or self._poll_records)
        return tuple(map(Read, _flat(await client.getmany(timeout_ms=wait_ms, max_records=room))))


def _flat(found: Mapping[TopicPartition, Sequence[Any]]) -> Iterable[Any]:
    return chain.from_iterable(found.values())
