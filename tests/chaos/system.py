"""The whole of Ticketwire with a proxy on every way: its own Kafka and Postgres, two of each worker, and partners.

    services ── kafka ──────────────▶ Kafka        publishers ── endpoints ──▶ the sink
    processors, console ── postgres ──▶ Postgres ◀── publishers-postgres ── publishers

Everything has the settings that it has by default, but for the partners' retry policies, which are short.
"""

import asyncio
import os
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from cli.ports import Ports
from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres
from runtime.settings import KafkaSettings, PolicySettings
from store.migrate import migrate
from tests.chaos.kept_server import KeptServer
from tests.chaos.plan import LINKS, SERVICES
from tests.chaos.proxy import HOST, Proxy
from tests.chaos.service import Plan, Service
from tests.chaos.small_disk import SmallDisk
from tests.proof.sink import ProofSink
from tests.services.publishers.world import KEY, world_on

ENDPOINTS = {"steady": 0.0, "moody": 0.2, "executor": 1.0}
"""Partners by name, and the share of calls that each fails. The last one carries out voids, and never can."""

VOID_RETRIES = 2
_POLICIES = {
    "quick": PolicySettings(kind="fixed", wait_seconds=1.0, retries=1_000_000),
    "void": PolicySettings(kind="fixed", wait_seconds=0.5, retries=VOID_RETRIES),
}
_ENDPOINT_TIMEOUT_SECONDS = 2.0
_EXECUTOR: Mapping[str, Any] = {"policy": "void", "on_give_up": "reject_void", "event_types": ("order.void",)}
_WORDS = {"ingest": ("ingest",), "publisher": ("publisher",), "console": ("console",)}
_TELLING = {"track_commit_timestamp": "on"}
"""When each row was committed, for the oracle."""

_SMALL = {"max_wal_size": "96MB", "min_wal_size": "32MB"}
"""Postgres on a small disk: otherwise it keeps a gigabyte of log."""


@dataclass(slots=True)
class System:
    """`async with System(…) as system:` is ready; everything ends with it. `disk_bytes`: small disks; None: none."""

    folder: Path
    logs: Path
    seed: int
    disk_bytes: int | None
    sink: ProofSink = field(init=False)
    servers: dict[str, KeptServer] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    links: dict[str, Proxy] = field(default_factory=dict)
    disks: dict[str, SmallDisk] = field(default_factory=dict)
    dsn: str = ""
    kafka: str = ""
    """Straight to the servers, past the proxies."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _ports: Ports = field(default_factory=Ports)
    _strangers: int = 0

    async def __aenter__(self) -> "System":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def ingest_url(self) -> str:
        """Where the supplier's webhooks go."""
        return f"{self.services['ingest'].plan.url}/in/atlas"

    @property
    def topic_prefix(self) -> str:
        return KafkaSettings().topic_prefix

    def stranger(self, processor: str) -> Service:
        """One more process of this processor, not started."""
        self._strangers += 1
        return self._service(f"processor-{processor}-stranger-{self._strangers}")

    async def _start(self) -> None:
        self.sink = await self._stack.enter_async_context(ProofSink(ENDPOINTS, seed=self.seed))
        for name in LINKS:
            port = self._ports.free(HOST)
            self.links[name] = await self._stack.enter_async_context(Proxy(port=port))
        for name in ("kafka", "postgres"):
            self._make_disk(name)
        self.servers = {"kafka": KeptServer(self._make_kafka()), "postgres": KeptServer(self._make_postgres())}
        async with asyncio.TaskGroup() as starting:
            for server in self.servers.values():
                starting.create_task(self._stack.enter_async_context(server))
        self._aim()
        await migrate(self.dsn)
        await self._make_endpoints()
        self._stack.push_async_callback(self._stop_services)
        for name in SERVICES:
            self.services[name] = self._service(name)
            await self.services[name].start()

    def _make_disk(self, name: str) -> None:
        (self.folder / name).mkdir()
        if self.disk_bytes is not None:
            self.disks[name] = SmallDisk(self.folder / name, size_bytes=self.disk_bytes)
            self._stack.callback(self.disks[name].remove)

    def _make_kafka(self) -> EmbeddedKafka:
        """With a listener for clients that announces the proxy's port, so that they come back by the proxy too."""
        broker, clients, controller = (self._ports.free(HOST) for _ in range(3))
        link = self.links["kafka"]
        link.target, self.kafka = clients, f"{HOST}:{broker}"
        return EmbeddedKafka(
            self.folder / "kafka",
            port=broker,
            controller_port=controller,
            extra_settings={
                "listeners": f"BROKER://{HOST}:{broker},CLIENTS://{HOST}:{clients},CONTROLLER://{HOST}:{controller}",
                "advertised.listeners": f"BROKER://{HOST}:{broker},CLIENTS://{HOST}:{link.port}",
                "listener.security.protocol.map": "BROKER:PLAINTEXT,CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            },
        )

    def _make_postgres(self) -> EmbeddedPostgres:
        settings = _TELLING | (_SMALL if self.disk_bytes is not None else {})
        return EmbeddedPostgres(self.folder / "postgres", port=self._ports.free(HOST), extra_settings=settings)

    def _aim(self) -> None:
        postgres = self.servers["postgres"].server
        assert isinstance(postgres, EmbeddedPostgres)
        self.dsn = postgres.dsn
        for name in ("postgres", "publishers-postgres"):
            self.links[name].target = postgres.port
        self.links["endpoints"].target = urlsplit(self.sink.url_of("")).port or 0

    async def _make_endpoints(self) -> None:
        async with world_on(self.dsn) as world:
            for name in ENDPOINTS:
                url = f"http://{HOST}:{self.links['endpoints'].port}/{name}"
                chosen = _EXECUTOR if name == "executor" else {}
                await world.endpoint(url, name=name, timeout_seconds=_ENDPOINT_TIMEOUT_SECONDS, **chosen)

    def _service(self, name: str) -> Service:
        part, *more = name.split("-")
        words = ("processor", more[0]) if part == "processor" else _WORDS[part]
        section = {"processor": "PROCESSORS"}.get(part, part.upper())
        port = self._ports.free(HOST)
        environment = self._environment("publishers-postgres" if part == "publisher" else "postgres")
        return Service(
            Plan(
                name=name,
                words=words,
                environment=environment | {f"TICKETWIRE_{section}__PORT": str(port)},
                url=f"http://{HOST}:{port}",
                logs=self.logs,
                folder=self.folder,
            )
        )

    def _environment(self, postgres_link: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.upper().startswith("TICKETWIRE_")}
        dsn = urlsplit(self.dsn)
        through = dsn._replace(netloc=f"{dsn.username}:{dsn.password}@{HOST}:{self.links[postgres_link].port}")
        policies = {name: policy.model_dump(mode="json") for name, policy in _POLICIES.items()}
        return plain | {
            "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": f"{HOST}:{self.links['kafka'].port}",
            "TICKETWIRE_POSTGRES__DSN": through.geturl(),
            "TICKETWIRE_ENCRYPTION_KEYS": orjson.dumps([KEY]).decode(),
            "TICKETWIRE_PROCESSORS__BATCH_RECORDS": "20",  # so that after a fault polls are several batches
            "TICKETWIRE_ADMIN_TOKEN": random.randbytes(12).hex(),
            "TICKETWIRE_POLICIES": orjson.dumps(policies).decode(),
        }

    async def _stop_services(self) -> None:
        await asyncio.gather(*(service.stop() for service in self.services.values()))
