"""Offsets are committed now and then, the latest of each partition, and all of them when that is asked for."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from processors import offsets
from processors.offsets import Offsets
from tests.waiting import until


@dataclass
class Client:
    """What Kafka was told. `held` lets no commit end; `refuses`: so many fail."""

    asked: int = 0
    told: list[dict[TopicPartition, int]] = field(default_factory=list)
    held: asyncio.Event | None = None
    refuses: int = 0

    async def commit(self, places: dict[TopicPartition, int]) -> None:
        self.asked += 1
        if self.held is not None:
            await self.held.wait()
        if self.refuses:
            self.refuses -= 1
            raise CommitFailedError
        self.told.append(places)


def at(partition: int, offset: int) -> Any:
    """As much of a record as counts here."""
    return SimpleNamespace(topic="raw", partition=partition, offset=offset)


def raw(*offsets_: int) -> dict[TopicPartition, int]:
    return {TopicPartition("raw", partition): offset for partition, offset in enumerate(offsets_)}


async def test_the_first_commit_comes_at_once_and_the_next_ones_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "COMMIT_SECONDS", 60.0)
    client: Any = Client()
    kept = Offsets("test")
    kept.handled(client, [at(0, 4), at(0, 5)])
    await until(lambda: client.told)
    for offset in (7, 6, 8):
        kept.handled(client, [at(1, offset)])
    await kept.settle()
    assert client.told == [raw(6), {TopicPartition("raw", 1): 9}]


async def test_regression_many_do_not_wait_for_their_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 1,250 events a second what was not committed yet passed for lag, and replays gave way to it."""
    monkeypatch.setattr(offsets, "COMMIT_SECONDS", 60.0)
    client: Any = Client()
    kept = Offsets("test")
    kept.handled(client, [at(0, 0)])
    await until(lambda: client.told)
    kept.handled(client, [at(0, 1)])
    kept.handled(client, [at(0, 2 + number) for number in range(offsets.COMMIT_RECORDS)])
    await until(lambda: client.told[1:] == [raw(2 + offsets.COMMIT_RECORDS)], seconds=5)


async def test_what_is_handled_while_a_commit_is_under_way_is_settled_too() -> None:
    client: Any = Client(held=asyncio.Event())
    kept = Offsets("test")
    kept.handled(client, [at(0, 1)])
    await until(lambda: client.asked)
    kept.handled(client, [at(0, 2)])
    settling = asyncio.create_task(kept.settle())
    await asyncio.sleep(0)
    assert not settling.done()
    client.held.set()
    await settling
    assert client.told == [raw(2), raw(3)]


async def test_a_commit_that_fails_holds_up_nothing() -> None:
    client: Any = Client(refuses=1)
    kept = Offsets("test")
    kept.handled(client, [at(0, 1)])
    await kept.settle()
    kept.handled(client, [at(0, 2)])
    await kept.settle()
    assert client.told == [raw(3)]


async def test_nothing_handled_is_nothing_to_settle() -> None:
    await Offsets("test").settle()
