"""Overlap: of what a poll brought two batches are under way, so that we work on one while Postgres writes the other.

They are committed in the order in which they lay on Kafka, each only after the one before it, and no order is worked on
in two of them at once (docs/decisions/0055).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from processors.handle import Handled, Handler
from processors.reading import Read

UNDER_WAY = 2
"""Batches at the most. With two, there is something to do for Postgres and for us; each holds its records in memory."""


class NotTaken(Exception):
    """A batch failed, for the reason that is the cause. `reads`: its records and all behind them; none was taken."""

    def __init__(self, reads: Sequence[Read]) -> None:
        super().__init__(f"{len(reads)} records")
        self.reads = reads


class _Begun(NamedTuple):
    reads: Sequence[Read]
    keys: frozenset[bytes | None]
    task: asyncio.Task[Handled]


class Overlap:
    """Of one consumer; one poll at a time."""

    def __init__(self, handler: Handler, *, batch_records: int, wanted: Callable[[], bool]) -> None:
        """`wanted`: whether another batch of the same poll may begin."""
        self._handler = handler
        self._batch_records = batch_records
        self._wanted = wanted
        self._under_way: deque[_Begun] = deque()
        self._left: Sequence[Read] = ()

    @property
    def in_hand(self) -> int:
        """Records of the poll that are not taken yet; of one that was cancelled, they stay in hand."""
        return len(self._left)

    async def handle(
        self, reads: Sequence[Read], *, taken: Callable[[Sequence[Read]], None], last_begins: Callable[[], None]
    ) -> Sequence[Read]:
        """Take what a poll brought; returns what is left when no more was wanted. `taken` is told of each batch that is
        applied or parked, in their order, and `last_begins` is called before the last one begins. Raises NotTaken when
        one fails, and gives up the one behind it."""
        self._left = reads
        try:
            for begin in range(0, len(reads), self._batch_records):
                batch = reads[begin : begin + self._batch_records]
                keys = frozenset(read.record.key for read in batch)
                while self._must_wait(keys):
                    await self._first_ends(taken)
                if begin and not self._wanted():
                    break
                if batch[-1] is reads[-1]:
                    last_begins()
                self._begin(batch, keys, alone=len(batch) == len(reads))
            while self._under_way:
                await self._first_ends(taken)
            return self._give_back()
        except Exception as error:
            raise NotTaken(self._give_back()) from error
        finally:
            await self._give_up()

    def _must_wait(self, keys: frozenset[bytes | None]) -> bool:
        """One order has one key; two batches that share one would wait for each other's locks."""
        return len(self._under_way) == UNDER_WAY or any(keys & begun.keys for begun in self._under_way)

    def _begin(self, batch: Sequence[Read], keys: frozenset[bytes | None], *, alone: bool) -> None:
        after = self._under_way[-1].task if self._under_way else None
        task = asyncio.create_task(self._handle(batch, after=after, alone=alone))
        self._under_way.append(_Begun(batch, keys, task))

    async def _handle(self, batch: Sequence[Read], *, after: asyncio.Task[Handled] | None, alone: bool) -> Handled:
        """Decoded in pieces, so that the other batch gets on; there is none beside one that is alone."""
        records = [read.record for read in batch]
        says = [read.says for read in batch]
        if not alone:
            missing = iter(await self._handler.decode([read.record for read in batch if read.says is None]))
            says = [said or next(missing) for said in says]
        return await self._handler.handle(records, known=says, after=after)

    async def _first_ends(self, taken: Callable[[Sequence[Read]], None]) -> None:
        """Wait until the batch that began first is taken."""
        first = self._under_way[0]
        await first.task
        self._under_way.popleft()
        self._left = self._left[len(first.reads) :]
        taken(first.reads)

    def _give_back(self) -> Sequence[Read]:
        """What was not taken, which is in nobody's hands from now on."""
        left, self._left = self._left, ()
        return left

    async def _give_up(self) -> None:
        """End what is still under way: nothing, unless a batch failed or we are cancelled."""
        for begun in self._under_way:
            begun.task.cancel()
        await asyncio.gather(*(begun.task for begun in self._under_way), return_exceptions=True)
        self._under_way.clear()
