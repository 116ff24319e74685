"""A batch takes what there is, and what comes until it may begin; nothing the client gave is lost or given twice."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from processors import reading
from processors.consume import Consumer
from processors.reading import POLL_MS, Read, Reader
from runtime.settings import KafkaSettings, Settings


@dataclass(frozen=True)
class At:
    """A record, as much as is looked at."""

    partition: int
    offset: int
    topic: str = "raw"


ONE, TWO, THREE, FOUR = At(0, 1), At(0, 2), At(0, 3), At(1, 9)


class Client:
    """Gives these, one after the other, then nothing; an error is raised. `asked`: how long it may wait, and how many
    it may give; `sought`: where it was told to go on."""

    def __init__(self, *gives: Sequence[At] | Exception) -> None:
        self.asked: list[tuple[int, int]] = []
        self.sought: dict[int, int] = {}
        self.free = asyncio.Event()
        self.free.set()
        self._gives = list(gives)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[At]]:
        self.asked.append((timeout_ms, max_records))
        await self.free.wait()  # in a rebalance it waits until that has ended
        given = self._gives.pop(0) if self._gives else []
        if isinstance(given, Exception):
            raise given
        return {TopicPartition("raw", 0): given} if given else {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("raw", partition) for partition in (0, 1)}

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.sought[place.partition] = offset


async def decode(records: Sequence[At]) -> list[str]:
    await asyncio.sleep(0)
    return [f"said {record.offset}" for record in records]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its last batch has just begun."""
    monkeypatch.setattr(reading, "BATCHES_APART_SECONDS", 0.05)
    made: Any = Reader(poll_records=3, decode=decode)  # type: ignore[arg-type]
    made._begun = time.monotonic()
    return made


def read(*records: At) -> tuple[Read, ...]:
    return tuple(Read(record) for record in records)  # type: ignore[arg-type]


async def settle() -> None:
    """Let everything go on that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_comes_until_the_batch_may_begin_goes_with_it(reader: Any) -> None:
    client = Client([ONE], [TWO, THREE])
    begun = time.monotonic()
    assert await reader.poll(client) == read(ONE, TWO, THREE)
    assert time.monotonic() - begun > 0.04
    assert client.asked == [(POLL_MS, 3), (0, 2)]


@pytest.mark.parametrize("found", [[], [ONE, TWO, THREE]])
async def test_neither_a_full_batch_waits_nor_an_empty_poll(reader: Any, found: list[At]) -> None:
    assert await reader.poll(Client(found)) == read(*found)


async def test_an_event_after_a_quiet_time_does_not_wait(reader: Any) -> None:
    reader._begun = time.monotonic() - 1
    client = Client([ONE])
    assert await reader.poll(client) == read(ONE)
    assert len(client.asked) == 1


async def test_an_error_loses_nothing_that_was_given_before(reader: Any) -> None:
    client = Client([ONE], KafkaError(), KafkaError())
    assert await reader.poll(client) == read(ONE)
    with pytest.raises(KafkaError):
        await reader.poll(client)


async def test_what_was_read_beside_a_batch_is_decoded_and_begins_the_next_one(reader: Any) -> None:
    client = Client([ONE, TWO], [THREE])
    reader.look_ahead(client)
    await settle()
    assert reader.ahead == 2
    first, second, third = await reader.poll(client)
    assert (first, second) == (Read(ONE, "said 1"), Read(TWO, "said 2"))  # type: ignore[arg-type]
    assert third == Read(THREE)  # type: ignore[arg-type]
    assert reader.ahead == 0


async def test_no_more_is_read_beside_a_batch_than_memory_should_hold(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AHEAD_RECORDS", 1)
    client = Client([ONE], [TWO, THREE])
    reader.look_ahead(client)
    await settle()
    assert client.asked == [(0, 1)]
    assert [read.record for read in await reader.poll(client)] == [ONE, TWO, THREE]
    assert client.asked == [(0, 1), (0, 2)]


async def test_an_error_beside_a_batch_is_raised_when_its_turn_comes(reader: Any) -> None:
    client = Client(KafkaError(), KafkaError())
    reader.look_ahead(client)
    await settle()
    with pytest.raises(KafkaError):
        await reader.poll(client)


@pytest.mark.parametrize("decoded", [False, True])
async def test_what_was_read_after_a_batch_that_failed_is_read_again_with_it(reader: Any, *, decoded: bool) -> None:
    client = Client([TWO, FOUR])
    reader.look_ahead(client)
    await (settle() if decoded else asyncio.sleep(0))
    assert reader.ahead == 2
    reader.read_again(client, [ONE])
    await settle()
    assert client.sought == {0: 1, 1: 9}
    assert reader.ahead == 0
    assert await reader.poll(client) == ()


async def test_what_is_forgotten_in_a_rebalance_does_not_come_back_once_it_is_decoded(reader: Any) -> None:
    client = Client([ONE])
    reader.look_ahead(client)
    await asyncio.sleep(0)
    assert reader.ahead == 1
    reader.forget()
    await settle()
    assert reader.ahead == 0
    assert client.sought == {}


async def test_what_a_rebalance_held_back_belongs_to_the_new_assignment(reader: Any) -> None:
    """It was read after the old one had been forgotten."""
    client = Client([ONE])
    client.free.clear()
    reader.look_ahead(client)
    await settle()
    reader.forget()
    client.free.set()
    assert await reader.poll(client) == (Read(ONE, "said 1"),)  # type: ignore[arg-type]


async def test_a_rebalance_forgets_what_was_read_ahead_of_the_batch() -> None:
    """If the partition comes back, it is read again from what was committed, by whoever held it meanwhile."""
    settings = Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    handler = SimpleNamespace(decode=decode)
    consumer = Consumer(settings, name="void", event_type="order.void", handler=handler)  # type: ignore[arg-type]
    consumer._reader.look_ahead(Client([ONE]))  # type: ignore[arg-type]
    await settle()
    assert consumer.in_hand == 1
    await consumer._settled()
    assert consumer.in_hand == 0


async def test_who_closes_it_in_a_rebalance_leaves_nothing_running(reader: Any) -> None:
    before, client = asyncio.all_tasks(), Client()
    client.free.clear()
    reader.look_ahead(client)
    await settle()
    await reader.close()
    assert asyncio.all_tasks() == before
