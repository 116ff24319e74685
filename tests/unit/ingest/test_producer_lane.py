"""Records gather until the sender takes them, and every one is told what became of it."""

import asyncio
from typing import Any

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.producer.message_accumulator import MessageAccumulator, MessageBatch
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.record import MemoryRecords
from aiokafka.structs import TopicPartition

from runtime.producer_lane import Lane, Record

PLACE = TopicPartition("t", 0)
BATCH_BYTES = 1000


class OneLeader(ClusterMetadata):
    def leader_for_partition(self, _: TopicPartition) -> int:
        return 1


class Scene:
    """A lane, aiokafka's accumulator behind it, and what the sender would do."""

    def __init__(self) -> None:
        numbers: Any = TransactionManager(None, 0)
        numbers.set_pid_and_epoch(7, 0)
        cluster: Any = OneLeader()  # type: ignore[no-untyped-call]
        self.accumulator: Any = MessageAccumulator(cluster, BATCH_BYTES, 0, 5.0, txn_manager=numbers)
        self.lane = Lane(self.accumulator, PLACE)
        self.futures: list[asyncio.Future[None]] = []

    def put(self, *values: bytes) -> None:
        for value in values:
            self.futures.append(asyncio.get_running_loop().create_future())
            self.lane.put(Record(b"k", value, [], 0.0), self.futures[-1])

    def take(self) -> MessageBatch:
        """What the sender takes for its next request."""
        nodes, _ = self.accumulator.drain_by_nodes(ignore_nodes=set())
        batch: MessageBatch = nodes[1][PLACE]
        return batch


def content(batch: Any) -> tuple[int, list[bytes]]:
    """Its first sequence number, and the values."""
    records: Any = MemoryRecords(bytes(batch.get_data_buffer()))
    written = records.next_batch()
    return written.base_sequence, [record.value for record in written]


async def test_records_gather_until_the_sender_takes_them() -> None:
    scene = Scene()
    scene.put(b"1", b"2", b"3")
    first = scene.take()
    scene.put(b"4")  # between taking and writing: it must not be written under another's sequence number
    assert content(first) == (0, [b"1", b"2", b"3"])
    scene.put(b"5")
    second = scene.take()
    assert content(second) == (3, [b"4", b"5"])
    second.done(3)
    await asyncio.sleep(0)
    assert [future.done() for future in scene.futures] == [False] * 3 + [True] * 2
    first.failure(KafkaError("no"))
    await asyncio.sleep(0)
    for future in scene.futures[:3]:
        with pytest.raises(KafkaError, match="no"):
            future.result()


async def test_what_finds_the_batch_full_waits_in_its_turn_and_who_gave_up_is_not_sent() -> None:
    scene = Scene()
    scene.put(*[b"%d" % number + b"." * 399 for number in range(6)])
    assert len(scene.accumulator._batches[PLACE]) == 1
    scene.futures[3].cancel()
    sent: list[bytes] = []
    while len(sent) < 5:
        batch = scene.take()
        sent += [value[:1] for value in content(batch)[1]]
        batch.done(0)
        await asyncio.sleep(0)
    assert sent == [b"0", b"1", b"2", b"4", b"5"]
    await asyncio.gather(*scene.futures[:3], *scene.futures[4:])


async def test_a_record_larger_than_a_batch_is_sent_in_one_of_its_own() -> None:
    scene = Scene()
    scene.put(b"small", b"." * (2 * BATCH_BYTES))
    assert content(scene.take())[1] == [b"small"]
    await asyncio.sleep(0)
    assert len(content(scene.take())[1][0]) == 2 * BATCH_BYTES


async def test_a_producer_that_failed_tells_all_who_wait_and_all_who_come() -> None:
    scene = Scene()
    scene.put(*[b"." * 399] * 6)
    scene.accumulator.fail_all(ProducerClosed())
    scene.put(b"late")
    await asyncio.sleep(0)
    for future in scene.futures:
        assert isinstance(future.exception(), ProducerClosed)
    for batch in scene.accumulator._batches[PLACE]:
        batch._drain_waiter.exception()
