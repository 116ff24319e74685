"""Results wait here until Postgres has them: batched, and held for as long as it is away.

A call whose result is held is never made again because of that: its lease belongs to this process, which says so to
`rescue`, and Postgres itself gives everybody a grace after it was away (store/queries/callbacks_expired.sql).
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from publishers.give_up import VoidRejection
from publishers.record import record
from publishers.settle import Settled
from runtime.logs import get_logger
from runtime.loops import Loop
from store.pool import is_outage

log = get_logger()

BATCH = 500
REJECTING_BATCH = 50
"""Of results that reject void cases: their transaction locks orders too, and processors wait for those."""

BEHIND_SECONDS = 1.0
LINGER_SECONDS = 0.02
"""Between two recordings, for a batch to grow; the first result after a quiet time is recorded at once."""

_IDLE_SECONDS = 60.0


class Completer:
    """`put` never waits. `recorded` is told, when a callback falls due because of a recording, in how many seconds."""

    def __init__(self, pool: asyncpg.Pool, *, rejection: VoidRejection, recorded: Callable[[float], None]) -> None:
        self.loop = Loop("completer", self._turn, longest_pause_seconds=1.0)
        self._pool = pool
        self._rejection = rejection
        self._recorded = recorded
        self._held: dict[tuple[UUID, int], tuple[Settled, float]] = {}
        self._alone: set[tuple[UUID, int]] = set()
        self._last = 0.0

    def put(self, settled: Settled) -> None:
        self._held[settled.result.callback_id, settled.result.attempt_number] = settled, time.monotonic()
        self.loop.wake()

    @property
    def behind(self) -> bool:
        """Whether recording does not keep up. More calls now would end in results that outlive their leases: others
        would take them for lost and make them again, and so on, long after whatever was slow is quick again."""
        waiting = len(self._held) - len(self._alone)
        oldest = next((since for key, (_, since) in self._held.items() if key not in self._alone), math.inf)
        return waiting >= BATCH or time.monotonic() - oldest > BEHIND_SECONDS

    @property
    def held(self) -> list[UUID]:
        """Callbacks whose result is not recorded yet."""
        return [callback_id for callback_id, _ in self._held]

    async def drain(self, seconds: float) -> int:
        """Stop, recording what is held within this time; returns how many results could not be recorded."""
        await self.loop.stop()
        until = time.monotonic() + seconds
        while self._held and time.monotonic() < until:
            try:
                await self._flush()
            except Exception as error:  # noqa: BLE001 - whatever it is, stopping goes on; what is left is counted
                log.warning("completer.failed", error=type(error).__name__, held=len(self._held))
            if self._held:
                await asyncio.sleep(0.1)
        return len(self._held)

    async def _turn(self) -> float:
        if not self._held:
            return _IDLE_SECONDS
        await asyncio.sleep(max(0.0, self._last + LINGER_SECONDS - time.monotonic()))
        await self._flush()
        self._last = time.monotonic()
        return 1.0 if len(self._held) == len(self._alone) else 0.0

    async def _flush(self) -> None:
        """One batch of each kind, and whatever has to be recorded alone."""
        plain, rejecting = list[tuple[UUID, int]](), list[tuple[UUID, int]]()
        for key, (settled, _) in self._held.items():
            if key not in self._alone:
                (rejecting if settled.rejects_void else plain).append(key)
        await self._record_batch(plain[:BATCH])
        await self._record_batch(rejecting[:REJECTING_BATCH])
        for key in list(self._alone):
            await self._record_alone(key)

    async def _record_batch(self, batch: Sequence[tuple[UUID, int]]) -> None:
        """What fails for a reason that waiting cannot cure is tried alone from then on."""
        try:
            await self._record(batch)
        except Exception as error:
            if is_outage(error):
                raise
            log.warning("completer.batch_failed", error=type(error).__name__, size=len(batch))
            self._alone.update(batch)

    async def _record_alone(self, key: tuple[UUID, int]) -> None:
        try:
            await self._record([key])
        except Exception as error:
            if is_outage(error):
                raise
            log.warning("completer.result_failed", callback=str(key[0]), error=type(error).__name__)

    async def _record(self, keys: Sequence[tuple[UUID, int]]) -> None:
        if not keys:
            return
        settled, was_behind = [self._held[key][0] for key in keys], self.behind
        async with self._pool.acquire() as connection, connection.transaction():
            due_in_seconds = await record(connection, settled, rejection=self._rejection)
        for key in keys:
            del self._held[key]
            self._alone.discard(key)
        if was_behind:
            self._recorded(0.0)  # who claims waited for us
        elif due_in_seconds < math.inf:
            self._recorded(due_in_seconds)
