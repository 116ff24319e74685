"""Three brokers, replication 3, two in sync, for all tests of this folder; each leaves them running and in sync."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from embedded.kafka_cluster import NODES, EmbeddedKafkaCluster
from tests.waiting import until


@dataclass(frozen=True)
class Partition:
    topic: str
    number: int
    leader: int
    in_sync: int


@pytest_asyncio.fixture(scope="session")
async def cluster(services_folder: Path) -> AsyncIterator[EmbeddedKafkaCluster]:
    """One cluster for the run, in a folder where a start was interrupted before; stopped without a trace."""
    folder = services_folder / "three brokers"
    await interrupted_start(folder)
    async with EmbeddedKafkaCluster(folder) as made:
        yield made
        pids = [node.pid for node in made.nodes.values()]
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def interrupted_start(folder: Path) -> None:
    """Cut it off while the nodes' data are being made."""
    starting = asyncio.create_task(EmbeddedKafkaCluster(folder).start())
    await until(lambda: starting.done() or list(folder.glob("broker-*/data.new")), what="data being made")
    starting.cancel()
    await asyncio.wait({starting})
    assert starting.cancelled()


@pytest_asyncio.fixture
async def three(cluster: EmbeddedKafkaCluster) -> AsyncIterator[EmbeddedKafkaCluster]:
    """The cluster, whole before the test and whole again after it."""
    yield cluster
    for node in cluster.nodes.values():
        if not node.ready:
            await node.restart()
    await all_in_sync(cluster)


async def partitions(cluster: EmbeddedKafkaCluster, topics: Iterable[str] | None = None) -> list[Partition]:
    """The partitions of these topics, or of all, as the brokers describe them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
    await admin.start()
    try:
        described = await admin.describe_topics(list(topics if topics is not None else await admin.list_topics()))
    finally:
        await admin.close()
    return [
        Partition(topic["topic"], part["partition"], part["leader"], len(part["isr"]))
        for topic in described
        for part in topic["partitions"]
    ]


async def all_in_sync(cluster: EmbeddedKafkaCluster, topics: Iterable[str] | None = None) -> None:
    """Wait until every partition has all its replicas in sync."""

    async def are() -> bool:
        return all(part.in_sync == NODES for part in await partitions(cluster, topics))

    await until(are, what="every replica in sync")
