"""Handle: decode a batch, apply it in one transaction, park what cannot be applied, wait out what waiting can cure.

A poison event parks alone and the rest of its batch lands: a batch that is refused is halved until the offender
stands by itself.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception, stop_after_delay
from tenacity.wait import wait_exponential_jitter

from dialects.contract import Inbound
from processors.batch import BatchResult, Refused, process
from processors.contract import Processor
from processors.decode import Record, decode, parked
from processors.parking_limit import ParkingLimit
from runtime.logs import get_logger
from runtime.metrics import batch_seconds, events_processed
from schemas.arrival import Arrival, Coordinates
from schemas.wire_forms import WireForms
from store.parked import ParkedEvent, park
from store.pool import is_outage

log = get_logger()


class TryLater(Exception):
    """Postgres stayed away for as long as a batch may wait: nothing was taken, the batch is to be read again."""


class Handler:
    """Takes batches of one processor, one at a time. After `handle` returns, every record is applied or parked."""

    def __init__(
        self,
        processor: Processor[Any],
        *,
        pool: asyncpg.Pool,
        dialects: Mapping[str, Inbound],
        wire_forms: WireForms,
        limit: ParkingLimit,
        patience_seconds: float,
    ) -> None:
        self.trouble: str | None = None
        self._processor = processor
        self._pool = pool
        self._dialects = dialects
        self._wire_forms = wire_forms
        self._limit = limit
        self._patience_seconds = patience_seconds

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply or park every record. Raises TryLater or ParkingLimitReached with nothing of the batch taken, save
        where a refused batch was halved: then some of it is, and reading it again is harmless."""
        begun = time.perf_counter()
        decoded = [decode(record, self._dialects) for record in records]
        arrivals = [item for item in decoded if isinstance(item, Arrival)]
        unreadable = [item for item in decoded if isinstance(item, ParkedEvent)]
        batch = _Batch({Coordinates(r.topic, r.partition, r.offset): r for r in records})
        await self._settle(arrivals, unreadable, batch)
        seconds = time.perf_counter() - begun
        batch_seconds.labels(self._processor.name).observe(seconds)
        log.info("batch.done", processor=self._processor.name, records=len(records), seconds=round(seconds, 4), **batch)

    async def _settle(self, arrivals: Sequence[Arrival], unreadable: Sequence[ParkedEvent], batch: "_Batch") -> None:
        try:
            result, parked_events = await self._commit(arrivals, unreadable, batch)
        except Refused as refusal:
            if len(arrivals) == 1:
                event = parked(batch.records[arrivals[0].at], stage="apply", reason=refusal.reason, detail=str(refusal))
                return await self._settle([], [*unreadable, event], batch)
            middle = len(arrivals) // 2
            await self._settle(arrivals[:middle], unreadable, batch)
            return await self._settle(arrivals[middle:], [], batch)
        self._limit.count(_were_parked(result, parked_events))
        self._count(result, parked_events, batch)
        return None

    async def _commit(
        self, arrivals: Sequence[Arrival], unreadable: Sequence[ParkedEvent], batch: "_Batch"
    ) -> tuple[BatchResult, Sequence[ParkedEvent]]:
        retrying = AsyncRetrying(
            retry=retry_if_exception(is_outage),
            wait=wait_exponential_jitter(multiplier=0.05, max=2, jitter=0.1),
            stop=stop_after_delay(self._patience_seconds),
            before_sleep=self._note_outage,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    outcome = await self._transact(arrivals, unreadable, batch)
        except RetryError as error:
            raise TryLater(f"Postgres stayed away: {self.trouble}") from error
        self.trouble = None
        return outcome

    async def _transact(
        self, arrivals: Sequence[Arrival], unreadable: Sequence[ParkedEvent], batch: "_Batch"
    ) -> tuple[BatchResult, Sequence[ParkedEvent]]:
        async with self._pool.acquire() as connection, connection.transaction():
            result = BatchResult()
            if arrivals:
                result = await process(connection, self._processor, arrivals, wire_forms=self._wire_forms)
            parked_events = [
                *unreadable,
                *(
                    parked(batch.records[arrival.at], stage="decide", reason=error.reason, detail=str(error))
                    for arrival, error in result.unapplicable
                ),
            ]
            self._limit.check(_were_parked(result, parked_events))
            if parked_events:
                await park(connection, self._processor.name, parked_events)
        return result, parked_events

    def _note_outage(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if self.trouble is None:
            log.warning("postgres.away", processor=self._processor.name, error=type(error).__name__)
        self.trouble = f"Postgres: {type(error).__name__}"

    def _count(self, result: BatchResult, parked_events: Sequence[ParkedEvent], batch: "_Batch") -> None:
        name = self._processor.name
        for _, verdict in result.verdicts:
            events_processed.labels(name, verdict.value).inc()
            batch.add(verdict.value, 1)
        events_processed.labels(name, "redelivered").inc(result.redelivered)
        events_processed.labels(name, "parked").inc(len(parked_events))
        batch.add("redelivered", result.redelivered)
        batch.add("parked", len(parked_events))
        batch.add("owed", result.owed)
        for event in parked_events:
            log.warning(
                "event.parked",
                processor=name,
                topic=event.at.topic,
                partition=event.at.partition,
                offset=event.at.offset,
                stage=event.stage,
                reason=event.reason,
            )


def _were_parked(result: BatchResult, parked_events: Sequence[ParkedEvent]) -> list[bool]:
    return [False] * (len(result.verdicts) + result.redelivered) + [True] * len(parked_events)


class _Batch(dict[str, int]):
    """Counts for the batch's log line, and its records by place."""

    def __init__(self, records: Mapping[Coordinates, Record]) -> None:
        super().__init__()
        self.records = records

    def add(self, word: str, count: int) -> None:
        if count:
            self[word] = self.get(word, 0) + count
