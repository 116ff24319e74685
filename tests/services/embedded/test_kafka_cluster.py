"""Three nodes are one cluster: they start together or not at all, and what they acknowledged outlives any of them."""

import asyncio
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from embedded.kafka_cluster import EmbeddedKafkaCluster
from runtime.errors import EmbeddedError
from tests.waiting import until


async def test_an_interrupted_start_is_started_over_and_an_acknowledged_record_outlives_its_leader(
    folder: Path,
) -> None:
    first = asyncio.create_task(EmbeddedKafkaCluster(folder).start())
    await until(lambda: any(unfinished(folder)))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    async with EmbeddedKafkaCluster(folder) as cluster:
        pids = [node.pid for node in cluster.nodes.values()]
        with pytest.raises(EmbeddedError, match="is in use by process"):
            await EmbeddedKafkaCluster(folder).start()
        await write_and_kill_the_leader(cluster)
        assert await read(cluster) == [b"kept"]
    assert not any(psutil.pid_exists(pid) for pid in pids)


def unfinished(folder: Path) -> list[Path]:
    return list(folder.glob("broker-*/data.new/*"))


async def write_and_kill_the_leader(cluster: EmbeddedKafkaCluster) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic("replicated", 1, 3)])
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait("replicated", b"kept")
    (topic,) = await admin.describe_topics(["replicated"])
    await admin.close()
    assert sorted(topic["partitions"][0]["replicas"]) == [1, 2, 3]
    leader = cluster.nodes[topic["partitions"][0]["leader"]]
    leader.kill()
    await leader.wait()


async def read(cluster: EmbeddedKafkaCluster) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign([TopicPartition("replicated", 0)])
        return [(await consumer.getone()).value]
