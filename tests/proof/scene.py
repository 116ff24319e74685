"""A small Ticketwire for a proof: a Kafka, a database, a sink with endpoints, a supplier, and how services are set."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from cli.ports import Ports
from runtime.kafka_clients import ensure_topics
from runtime.settings import KafkaSettings
from schemas.topics import all_topics
from tests.proof.judgement import Judgement
from tests.proof.log import KafkaView
from tests.proof.oracle import Evidence, judge
from tests.proof.sink import ProofSink
from tests.proof.stream import DIALECT
from tests.proof.supplier import Supplier
from tests.services.publishers.world import KEY, world_on

SERVICES: Mapping[str, tuple[str, ...]] = {
    "ingest": ("ingest",),
    "ticketed": ("processor", "ticketed"),
    "void": ("processor", "void"),
    "publisher": ("publisher",),
}
"""The services of a proof, and the words that start each."""

PROCESSORS = ["ticketed", "void"]
VOID_RETRIES = 2
SHARES: Mapping[str, float] = {"steady": 0.0, "moody": 0.3, "executor": 1.0}
"""The endpoints and the share of calls that each fails. The last one is to carry out voids, and gives them up."""

_UNFINISHED = "SELECT count(*) FROM callbacks WHERE state NOT IN ('delivered', 'given_up', 'not_deliverable')"
_ENDPOINT: Mapping[str, Any] = {"timeout_seconds": 1.0, "max_in_flight": 32}
_EXECUTOR: Mapping[str, Any] = {"policy": "void", "on_give_up": "reject_void", "event_types": ("order.void",)}
_POLICIES: Mapping[str, Any] = {
    "quick": {"kind": "fixed", "wait_seconds": 0.2, "retries": 10_000},
    "void": {"kind": "fixed", "wait_seconds": 0.1, "retries": VOID_RETRIES},
}


@dataclass(slots=True)
class Scene:
    """Everything but the services. `folder` takes their logs."""

    bootstrap: str
    dsn: str
    topic_prefix: str
    folder: Path
    kafka: KafkaView
    sink: ProofSink
    supplier: Supplier
    pool: asyncpg.Pool
    ingest_port: int

    def environment(self) -> dict[str, str]:
        """The settings of a service; leases are short, so that the next life takes over soon."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("TICKETWIRE_")}
        return ours | {
            "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "TICKETWIRE_KAFKA__TOPIC_PREFIX": self.topic_prefix,
            "TICKETWIRE_KAFKA__PARTITIONS": "2",
            "TICKETWIRE_POSTGRES__DSN": self.dsn,
            "TICKETWIRE_ENCRYPTION_KEYS": json.dumps([KEY]),
            "TICKETWIRE_POLICIES": json.dumps(_POLICIES),
            "TICKETWIRE_INGEST__PORT": str(self.ingest_port),
            "TICKETWIRE_PROCESSORS__SESSION_TIMEOUT_SECONDS": "6",
            "TICKETWIRE_PROCESSORS__BATCH_RECORDS": "2",  # so that a poll of these few events is several batches
            "TICKETWIRE_PUBLISHER__LEASE_MARGIN_SECONDS": "0.5",
            "TICKETWIRE_PUBLISHER__POLL_SECONDS": "0.1",
        }

    def log(self, service: str) -> Path:
        return self.folder / f"{service}.log"

    async def left(self) -> tuple[int, int]:
        """Records that are not behind the processors, and then callbacks under way; (0, 0): nothing moves any more."""
        return await self.kafka.lag(), int(await self.pool.fetchval(_UNFINISHED))

    async def judge(self) -> Judgement:
        """The oracle's word on everything so far."""
        log = await self.kafka.records()
        given_up = {"executor": VOID_RETRIES}
        return await judge(self.dsn, Evidence(self.supplier.ledger, self.sink.deliveries, log, given_up))


@asynccontextmanager
async def staged(*, bootstrap: str, dsn: str, topic_prefix: str, folder: Path, seed: int) -> AsyncIterator[Scene]:
    """Topics, endpoints, sink and supplier, on this Kafka and this empty database."""
    port = Ports().free("127.0.0.1")
    await ensure_topics(
        KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=topic_prefix, partitions=2), all_topics(topic_prefix)
    )
    supplier = Supplier(f"http://127.0.0.1:{port}/in/{DIALECT}", seed=seed)
    view = KafkaView(bootstrap, topic_prefix=topic_prefix, processors=PROCESSORS)
    async with world_on(dsn) as world, ProofSink(SHARES, seed=seed) as sink, supplier, view as kafka:
        for name in SHARES:
            chosen = _EXECUTOR if name == "executor" else {}
            await world.endpoint(sink.url_of(name), name=name, **_ENDPOINT, **chosen)
        yield Scene(bootstrap, dsn, topic_prefix, folder, kafka, sink, supplier, world.pool, port)
