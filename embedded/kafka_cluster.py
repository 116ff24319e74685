"""Several Kafka nodes on this machine as one cluster: what is replicated survives the death of any one of them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from embedded.data_folder import LOOPBACK, DataFolder
from embedded.kafka import EmbeddedKafka, Member, new_cluster_id
from embedded.server import side_by_side

NODES = 3
_IN_SYNC = NODES - 1
_SETTINGS = {
    # Kafka's own topics, and those that ask for nothing else, survive a node.
    "default.replication.factor": str(NODES),
    "min.insync.replicas": str(_IN_SYNC),
    "offsets.topic.replication.factor": str(NODES),
    "transaction.state.log.replication.factor": str(NODES),
    "transaction.state.log.min.isr": str(_IN_SYNC),
    "share.coordinator.state.topic.replication.factor": str(NODES),
    "share.coordinator.state.topic.min.isr": str(_IN_SYNC),
}


class EmbeddedKafkaCluster:
    """Three nodes below one folder (`broker-1/` …), each a broker and a controller; see `EmbeddedServer` for a node.

    The nodes know each other's ports before any of them starts, so these lie beside them, in `ports`; the cluster's id
    in `cluster-id`. Calls must not overlap, except `kill` and `wait` of a node.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        heap_megabytes: int = 256,
        cache_dir: Path | None = None,
        extra_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = DataFolder(data_dir)
        self.nodes: dict[int, EmbeddedKafka] = {}
        self._heap_megabytes = heap_megabytes
        self._cache_dir = cache_dir
        self._settings = _SETTINGS | dict(extra_settings or {})

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect first, all nodes; known once started."""
        return ",".join(node.bootstrap_servers for node in self.nodes.values())

    async def start(self) -> None:
        """Start the nodes and wait until each takes work. Raises EmbeddedError, leaving none running, if one fails."""
        await self.folder.lock()
        try:
            self.nodes = self._make_nodes()
            await side_by_side(*(node.start() for node in self.nodes.values()))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop every node that still runs, and give the folder back. Safe to repeat."""
        await asyncio.gather(*(node.stop() for node in self.nodes.values()))
        self.folder.unlock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _make_nodes(self) -> dict[int, EmbeddedKafka]:
        ids = range(1, NODES + 1)
        ports = self.folder.ports({f"{role}-{node}": None for role in ("broker", "controller") for node in ids})
        voters = ",".join(f"{node}@{LOOPBACK}:{ports[f'controller-{node}']}" for node in ids)
        cluster_id = self._cluster_id()
        return {
            node: EmbeddedKafka(
                self.folder.path / f"broker-{node}",
                port=ports[f"broker-{node}"],
                controller_port=ports[f"controller-{node}"],
                member=Member(node, voters, cluster_id),
                heap_megabytes=self._heap_megabytes,
                cache_dir=self._cache_dir,
                extra_settings=self._settings,
            )
            for node in ids
        }

    def _cluster_id(self) -> str:
        """The id of the data that are there; a new one is written whole before any node can be formatted with it."""
        file = self.folder.path / "cluster-id"
        if not file.exists():
            unfinished = file.with_suffix(".new")
            unfinished.write_text(new_cluster_id())
            unfinished.rename(file)
        return file.read_text()
