"""The way of records to one partition, in batches that grow by themselves."""

import asyncio
import copy
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import TopicPartition

RecordHeaders = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """What is sent. Past `deadline`, a time of the event loop's clock, nobody waits for it any more."""

    key: bytes
    value: bytes
    headers: RecordHeaders
    deadline: float


class _Gathering(BatchBuilder):  # aiokafka annotates nothing of it
    """A batch that takes records until the sender takes it.

    The sender settles its number of records then, with their sequence numbers, but closes it only when it is written,
    a moment later: a record that came between would have no number of its own.
    """

    taken = False

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self.taken = True
        self.close()  # type: ignore[no-untyped-call]
        super()._set_producer_state(producer_id, producer_epoch, base_sequence)  # type: ignore[no-untyped-call]


class Lane:
    """While one batch is under way, what comes meanwhile gathers in the next one, until the sender is free to take it.

    So a lone record waits for nothing, and under load batches grow by themselves. What finds that next batch full
    waits here, so that no more than one batch waits in aiokafka.
    """

    def __init__(self, accumulator: Any, place: TopicPartition) -> None:
        """`accumulator`: the producer's. aiokafka's own ways into it make a task or two and a timer for each batch."""
        self._accumulator = accumulator
        self._place = place
        self._waiting: deque[tuple[Record, asyncio.Future[None]]] = deque()
        self._batch: Any = None
        self._gathering: _Gathering | None = None
        self._futures: list[asyncio.Future[None]] = []
        """Of those in the batch that gathers."""

    def put(self, record: Record, future: asyncio.Future[None]) -> None:
        """Send a record; the future tells when it is stored, or fails with a KafkaError."""
        if self._waiting:
            self._waiting.append((record, future))
        elif not self._joins(record, future):
            self._waiting.append((record, future))
            self._batch._drain_waiter.add_done_callback(self._go_on)  # noqa: SLF001

    def _go_on(self, _: object) -> None:
        """The full batch was taken, or failed: room for those who wait, unless they have given up."""
        while self._waiting:
            record, future = self._waiting[0]
            if not future.done() and not self._joins(record, future):
                self._batch._drain_waiter.add_done_callback(self._go_on)  # noqa: SLF001
                return
            self._waiting.popleft()

    def _joins(self, record: Record, future: asyncio.Future[None]) -> bool:
        """Put the record into the batch that gathers, or a new one; False when it is full and not yet taken."""
        if self._accumulator._exception is not None:  # noqa: SLF001
            future.set_exception(copy.copy(self._accumulator._exception))  # noqa: SLF001
            return True
        gathering = self._gathering
        if gathering is None or not self._append(gathering, record):
            if gathering is not None and not gathering.taken:
                return False
            self._append(self._begin(), record)
        self._futures.append(future)
        return True

    def _begin(self) -> _Gathering:
        accumulator = self._accumulator
        size, compression = accumulator._batch_size, accumulator._compression_type  # noqa: SLF001
        self._gathering = _Gathering(size, compression)  # type: ignore[no-untyped-call]
        self._futures = []
        self._batch = accumulator._append_batch(self._gathering, self._place)  # noqa: SLF001
        self._batch.future.add_done_callback(partial(_tell, self._futures))
        return self._gathering

    @staticmethod
    def _append(batch: BatchBuilder, record: Record) -> bool:
        key, value, headers, _ = record
        return batch.append(timestamp=None, key=key, value=value, headers=headers) is not None


def _tell(futures: Sequence[asyncio.Future[None]], delivered: "asyncio.Future[Any]") -> None:
    error = delivered.exception()
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
