"""Requests to one broker are spaced, and spacing them leaves acks and idempotence as they were."""

import asyncio
import time
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from runtime import batching_producer
from runtime.batching_producer import REQUEST_SPACING_SECONDS, BatchingProducer
from runtime.settings import KafkaSettings

PLACES: Any = {TopicPartition("t", 0): object(), TopicPartition("t", 1): object()}


@pytest.mark.parametrize("answered_after", [0.0, 2 * REQUEST_SPACING_SECONDS])
async def test_a_broker_is_asked_again_after_its_answer_and_no_sooner_than_the_spacing(
    monkeypatch: pytest.MonkeyPatch, answered_after: float
) -> None:
    class Handler:
        def __init__(self, *_: object) -> None:
            pass

        async def do(self, _: int) -> None:
            await asyncio.sleep(answered_after)

    monkeypatch.setattr(batching_producer, "SendProduceReqHandler", Handler)
    producer = BatchingProducer(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    sender: Any = producer._sender
    sender._in_flight.add(1)
    sender._muted_partitions.update(PLACES)
    begun = time.monotonic()
    await sender._send_produce_req(1, PLACES)
    assert time.monotonic() - begun >= max(REQUEST_SPACING_SECONDS, answered_after)
    assert (sender._in_flight, sender._muted_partitions) == (set(), set())
    await producer.close()


async def test_it_is_idempotent_and_asks_all_replicas() -> None:
    producer = BatchingProducer(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    sender: Any = producer._sender
    accumulator: Any = producer._message_accumulator
    assert sender._acks == -1
    assert sender._txn_manager is producer._txn_manager is accumulator._txn_manager is not None
    assert sender._message_accumulator is accumulator
    await producer.close()
