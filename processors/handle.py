"""Handle: decode a batch, apply it in one transaction, park what cannot be applied, wait out what waiting can cure.

A poison event parks alone and the rest of its batch lands with it: a batch that is refused is halved until the
offenders stand by themselves.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception, stop_after_delay
from tenacity.wait import wait_exponential_jitter

from dialects.contract import Inbound
from processors.batch import BatchResult, Refused, process, process_by_halves
from processors.contract import Processor
from processors.decode import Record, decode, decoded, parked
from processors.parking_limit import ParkingLimit
from runtime.logs import get_logger
from runtime.metrics import batch_seconds, events_processed
from schemas.arrival import Arrival, Coordinates
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.events import known_arrivals
from store.owing import LIVE, Telling
from store.parked import ParkedEvent, park
from store.pool import is_outage

log = get_logger()


class TryLater(Exception):
    """Postgres stayed away for as long as a batch may wait: nothing was taken, the batch is to be read again."""


class Behind(Exception):
    """The batch before this one was not taken, so nothing of this one was."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a batch: each record is among the verdicts, redelivered, or parked."""

    result: BatchResult
    parked: Sequence[ParkedEvent]

    def were_parked(self) -> list[bool]:
        return [False] * (len(self.result.verdicts) + self.result.redelivered) + [True] * len(self.parked)

    def counts(self) -> dict[str, int]:
        """Records by what became of them, and callbacks owed; without zeros."""
        counts = {"redelivered": self.result.redelivered, "parked": len(self.parked), "owed": self.result.owed}
        for _, verdict in self.result.verdicts:
            counts[verdict.value] = counts.get(verdict.value, 0) + 1
        return {word: count for word, count in counts.items() if count}


Beside = Callable[[Connection, Handled], Awaitable[None]]
"""What is done beside, as the last thing in a batch's transaction."""


class Handler:
    """Takes batches of one processor. After `handle` returns, every record is applied or parked."""

    def __init__(
        self,
        processor: Processor[Any],
        *,
        pool: asyncpg.Pool,
        dialects: Mapping[str, Inbound],
        wire_forms: WireForms,
        limit: ParkingLimit,
        patience_seconds: float,
        telling: Telling = LIVE,
        run_id: UUID | None = None,
    ) -> None:
        """`telling` and `run_id`: of a run that takes the live way once more."""
        self.trouble: str | None = None
        self._processor = processor
        self._pool = pool
        self._dialects = dialects
        self._wire_forms = wire_forms
        self._limit = limit
        self._telling = telling
        self._run_id = run_id
        # One for all batches: its parts refer to each other, and only the collector of cycles would free them. When it
        # is called, each call has its own state: a consumer that is stuck in a batch may have a successor meanwhile.
        self._retrying = AsyncRetrying(
            retry=retry_if_exception(is_outage),
            wait=wait_exponential_jitter(multiplier=0.05, max=2, jitter=0.1),
            stop=stop_after_delay(patience_seconds),
            before_sleep=self._note_outage,
        )

    async def decode(self, records: Sequence[Record]) -> list[Arrival | ParkedEvent]:
        """What these say, for `handle`. It takes time and waits for nothing, so others get on meanwhile."""
        return await decoded(records, self._dialects)

    async def handle(
        self,
        records: Sequence[Record],
        *,
        known: Sequence[Arrival | ParkedEvent | None] = (),
        beside: Beside | None = None,
        after: asyncio.Task[Handled] | None = None,
    ) -> Handled:
        """Apply or park every record. Raises TryLater or ParkingLimitReached, or what `beside` raises, with nothing of
        the batch taken. `known`: what they say, each in its place, as far as that is decoded. `after`: the batch before
        this one, of other orders, is under way; only after it is this one committed, or it raises Behind."""
        begun = time.perf_counter()
        both = zip(records, known or [None] * len(records), strict=True)
        says = [said or decode(record, self._dialects) for record, said in both]
        handled = await self._commit(partial(self._transact, says, records, beside, after))
        self._limit.count(handled.were_parked())
        self._tell(handled)
        seconds = time.perf_counter() - begun
        batch_seconds.labels(self._processor.name).observe(seconds)
        words: dict[str, Any] = {"records": len(records), "seconds": round(seconds, 4), **handled.counts()}
        log.info("batch.done", processor=self._processor.name, **words)
        return handled

    async def _commit(self, transact: Callable[..., Awaitable[Handled]]) -> Handled:
        try:
            handled: Handled = await self._retrying(_whole_or_by_halves, transact)
        except RetryError as error:
            raise TryLater(f"Postgres stayed away: {self.trouble}") from error
        self.trouble = None
        return handled

    async def _transact(
        self,
        decoded: Sequence[Arrival | ParkedEvent],
        records: Sequence[Record],
        beside: Beside | None,
        after: asyncio.Task[Handled] | None,
        *,
        fold: Callable[..., Awaitable[BatchResult]],
    ) -> Handled:
        arrivals = [item for item in decoded if isinstance(item, Arrival)]
        unreadable = [item for item in decoded if isinstance(item, ParkedEvent)]
        how = {"wire_forms": self._wire_forms, "telling": self._telling, "run_id": self._run_id}
        async with self._pool.acquire() as connection, connection.transaction():
            result = await fold(connection, self._processor, arrivals, **how) if arrivals else BatchResult()
            fresh = await _never_applied(connection, unreadable)
            result.redelivered += len(unreadable) - len(fresh)
            handled = Handled(result, [*fresh, *_unapplied(result, records)])
            if after is not None:
                await _taken(after)
            self._limit.check(handled.were_parked())
            if handled.parked:
                await park(connection, self._processor.name, handled.parked)
            if beside is not None:
                await beside(connection, handled)
        return handled

    def _note_outage(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if self.trouble is None:
            log.warning("postgres.away", processor=self._processor.name, error=type(error).__name__)
        self.trouble = f"Postgres: {type(error).__name__}"

    def _tell(self, handled: Handled) -> None:
        name = self._processor.name
        for verdict, count in Counter(verdict for _, verdict in handled.result.verdicts).items():
            events_processed.labels(name, verdict.value).inc(count)
        events_processed.labels(name, "redelivered").inc(handled.result.redelivered)
        events_processed.labels(name, "parked").inc(len(handled.parked))
        for event in handled.parked:
            log.warning(
                "event.parked",
                processor=name,
                topic=event.at.topic,
                partition=event.at.partition,
                offset=event.at.offset,
                stage=event.stage,
                reason=event.reason,
            )


async def _taken(before: asyncio.Task[Handled]) -> None:
    await asyncio.wait({before})
    if before.cancelled() or before.exception() is not None:
        raise Behind


async def _whole_or_by_halves(transact: Callable[..., Awaitable[Handled]]) -> Handled:
    try:
        return await transact(fold=process)
    except Refused:
        return await transact(fold=process_by_halves)


def _unapplied(result: BatchResult, records: Sequence[Record]) -> Iterator[ParkedEvent]:
    if not result.unapplicable and not result.refused:
        return
    by_place = {Coordinates(r.topic, r.partition, r.offset): r for r in records}
    for arrival, unapplicable in result.unapplicable:
        yield parked(by_place[arrival.at], stage="decide", reason=unapplicable.reason, detail=str(unapplicable))
    for arrival, refusal in result.refused:
        yield parked(by_place[arrival.at], stage="apply", reason=refusal.reason, detail=str(refusal))


async def _never_applied(connection: Connection, unreadable: Sequence[ParkedEvent]) -> list[ParkedEvent]:
    """Without those that were applied before, by code that could read them: what was applied stays as it is."""
    ids = [event.arrival_id for event in unreadable if event.arrival_id is not None]
    known = await known_arrivals(connection, ids) if ids else set()
    return [event for event in unreadable if event.arrival_id not in known]
