"""Ingest's memory while more comes than it can take, for minutes; and that Kafka has what it accepted."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.figures import slope
from bench.ground import PROCESSOR, PUBLISHER, Ground
from bench.processes import resident_mb
from runtime.kafka_clients import client_arguments
from schemas.topics import EventType, raw_topic

CONNECTIONS = 512
SAMPLE_SECONDS = 1.0


async def measure_overload(ground: Ground, *, seconds: float) -> dict[str, Any]:
    """`overload`: megabytes resident before, at the end and at most, their growth a minute over the second half,
    answers by status, and `lost`: accepted, and not on Kafka.

    Nothing is processed meanwhile, and nothing of it is in the ledger: it is the last thing that a run does.
    """
    for service in (PROCESSOR, PUBLISHER):
        await ground.machine.stop(service)
    ground.say(f"ingest overloaded over {CONNECTIONS} connections for {seconds:g} s")
    kafka_had, samples = await _on_kafka(ground), [resident_mb(ground.machine.processes()["ingest"])]
    sampling = asyncio.create_task(_sample(ground.machine.processes()["ingest"], samples))
    try:
        sent = await ground.post(ground.door, "overload", seconds=seconds, connections=CONNECTIONS)
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
    later = samples[len(samples) // 2 :]
    return {
        "overload": {
            "seconds": seconds,
            "accepted_per_s": round(sent.accepted_per_s),
            "resident_mb_before": samples[0],
            "resident_mb_at_most": max(samples),
            "resident_mb_at_the_end": samples[-1],
            "growth_mb_a_minute": round(slope(later) * 60 / SAMPLE_SECONDS, 3),
            "answers": {str(status): sent.statuses.count(status) for status in sorted(set(sent.statuses))},
            "lost": max(0, sent.accepted - (await _on_kafka(ground) - kafka_had)),
        }
    }


async def _sample(pid: int, samples: list[float]) -> None:
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        samples.append(resident_mb(pid))


async def _on_kafka(ground: Ground) -> int:
    """Records of the topic, ever."""
    topic = raw_topic(ground.machine.kafka.topic_prefix, EventType.TICKETED)
    consumer = AIOKafkaConsumer(**client_arguments(ground.machine.kafka))
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(ground.machine.kafka.partitions)]
        return sum((await consumer.end_offsets(places)).values())
    finally:
        await consumer.stop()
