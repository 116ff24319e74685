"""A poll takes what there is, and what comes until the batch may begin; it loses nothing that the client gave."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from processors import consume
from processors.consume import Consumer
from runtime.settings import KafkaSettings, Settings

PLACE = TopicPartition("raw", 0)


class Client:
    """Gives these, one after the other; an error is raised. `asked`: how long it may wait, and how many it may give."""

    def __init__(self, *gives: Sequence[Any] | Exception) -> None:
        self.asked: list[tuple[int, int]] = []
        self._gives = list(gives)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[Any]]:
        self.asked.append((timeout_ms, max_records))
        given = self._gives.pop(0)
        if isinstance(given, Exception):
            raise given
        return {PLACE: given} if given else {}


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its last batch has just begun."""
    monkeypatch.setattr(consume, "BATCHES_APART_SECONDS", 0.05)
    settings = Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    made: Any = Consumer(settings, name="void", event_type="order.void", handler=None)  # type: ignore[arg-type]
    made._batch_records, made._begun = 3, time.monotonic()
    return made


async def test_what_comes_until_the_batch_may_begin_goes_with_it(consumer: Any) -> None:
    client = Client([1], [2, 3])
    begun = time.monotonic()
    assert await consumer._poll(client) == (1, 2, 3)
    assert time.monotonic() - begun > 0.04
    assert client.asked == [(consume.POLL_MS, 3), (0, 2)]


@pytest.mark.parametrize("found", [[], [1, 2, 3]])
async def test_neither_a_full_batch_waits_nor_an_empty_poll(consumer: Any, found: list[int]) -> None:
    assert await consumer._poll(Client(found)) == tuple(found)


async def test_an_event_after_a_quiet_time_does_not_wait(consumer: Any) -> None:
    consumer._begun = time.monotonic() - 1
    assert await consumer._poll(Client([1])) == (1,)


async def test_an_error_loses_nothing_that_was_given_before(consumer: Any) -> None:
    client = Client([1], KafkaError(), KafkaError())
    assert await consumer._poll(client) == (1,)
    with pytest.raises(KafkaError):
        await consumer._poll(client)
