"""One running hub for the whole page: real Kafka, Postgres and HTTP, every service in this process, so that a release
can be deployed to one of them and not to another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
import uuid_utils.compat as uuids
from aiokafka import AIOKafkaProducer

from cli.ports import Ports
from console.app import build_app
from console.context import Console
from dialects.contract import Inbound, ReadEvent
from dialects.registry import INBOUND, OUTBOUND, wire_forms
from processors.consume import Consumer
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from processors.supervise import Supervisor
from publishers.publisher import Publisher, http_client
from replays.live_lane import LiveLane
from replays.reach import within_reach
from replays.reader import plan
from replays.registry import tasks
from replays.runner import Runner
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.kafka_clients import ensure_topics
from runtime.secret_box import SecretBox, new_key
from runtime.settings import Settings
from schemas.raw_event import RawEvent
from schemas.selection import Selection
from schemas.topics import all_topics, raw_topic
from store.pool import open_pool
from tests.services.runbook.page import ticketwire
from tests.services_under_test import dsn_of
from tests.sink import Sink
from tests.waiting import until


@dataclass
class Release:
    """The supplier's decoder as it is deployed: it fails on some orders and loses a passenger of others."""

    fails_on: str = "\0"
    loses_of: str = "\0"

    def read(self, raw: RawEvent) -> ReadEvent:
        if raw.order_no.startswith(self.fails_on):
            raise KeyError("paxTicketInfos")
        found = INBOUND["atlas"].read(raw)
        passengers = getattr(found.content, "passengers", ())
        if raw.order_no.startswith(self.loses_of):
            return ReadEvent(found.content.model_copy(update={"passengers": passengers[:1]}), found.digest)
        return found


@dataclass
class System:
    """`deployed` is what processors read with; replayers always have the present code."""

    settings: Settings
    admin_dsn: str
    producer: AIOKafkaProducer
    sink: Sink
    deployed: Release = field(default_factory=Release)
    _parts: dict[str, AsyncExitStack] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return self.settings.postgres.dsn.get_secret_value().partition("?")[0].rpartition("/")[2]

    async def start(self, *names: str) -> None:
        """Start these of console, processors, publisher, replayer; `processors` with the deployed release."""
        for name in names:
            self._parts[name] = stack = AsyncExitStack()
            pool = await open_pool(self.settings.postgres, name=name)
            stack.push_async_callback(pool.close)
            await getattr(self, f"_{name}")(pool, stack)

    async def stop(self, *names: str) -> None:
        """Stop these, or all."""
        for name in names or list(self._parts):
            await self._parts.pop(name).aclose()

    async def send(self, *events: tuple[str, bytes]) -> None:
        """Raw events of these orders, as ingest would have written them."""
        await asyncio.gather(*(self._send(order_no, body) for order_no, body in events))

    async def taken(self) -> None:
        """Wait until live has taken all there is, and committed it."""

        async def reached() -> bool:
            whole = await plan(self.settings.kafka, Selection(), client_id="test")
            return (await within_reach(self.settings.kafka, whole))[1] == 0

        await until(reached, seconds=60, what="live to take everything")

    async def fetch(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.settings.postgres.dsn.get_secret_value())
        try:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def settled(self, order_nos: str, state: str) -> None:
        """Wait until every callback of these orders is in this state, and there are some."""

        async def so() -> bool:
            states = await self.fetch(
                "SELECT DISTINCT c.state FROM callbacks c JOIN orders USING (order_id) WHERE order_no LIKE $1",
                order_nos,
            )
            return states == [(state,)]

        await until(so, seconds=40, what=f"callbacks of {order_nos} to be {state}")

    async def _send(self, order_no: str, body: bytes) -> None:
        type_ = "order.void" if b"voidCode" in body else "order.ticketed"
        raw = RawEvent(
            ce_id=uuids.uuid7(),
            source="atlas",
            type=type_,
            time=datetime.now(UTC),
            dialect="atlas",
            order_no=order_no,
            body=body,
            verified="none",
        )
        topic = raw_topic(self.settings.kafka.topic_prefix, type_)
        await self.producer.send_and_wait(topic, body, key=raw.key, headers=raw.to_headers())

    async def _console(self, pool: asyncpg.Pool, stack: AsyncExitStack) -> None:
        console = Console(self.settings, pool, SecretBox(self.settings.encryption_keys), OUTBOUND)
        server = HttpServer(build_app(console, Health()), host="127.0.0.1", port=self.settings.console.port)
        await server.start()
        stack.push_async_callback(server.stop, 5)

    async def _publisher(self, pool: asyncpg.Pool, stack: AsyncExitStack) -> None:
        client = http_client(self.settings.publisher)
        publisher = Publisher(pool, self.settings, dialects=OUTBOUND, client=client)
        publisher.start()
        stack.push_async_callback(publisher.stop)

    async def _replayer(self, pool: asyncpg.Pool, stack: AsyncExitStack) -> None:
        lane = LiveLane(self.settings.kafka)
        stack.push_async_callback(lane.close)
        runner = Runner(pool, tasks(self.settings), lane=lane, rate=0.0)
        runner.start()
        stack.push_async_callback(runner.stop)

    async def _processors(self, pool: asyncpg.Pool, stack: AsyncExitStack) -> None:
        reader: Any = self.deployed
        dialects: dict[str, Inbound] = {"atlas": reader}
        for name in ("ticketed", "void"):
            supervisor = _supervisor(self.settings, name, pool=pool, dialects=dialects)
            supervisor.start()
            stack.push_async_callback(supervisor.stop)


def _supervisor(settings: Settings, name: str, *, pool: asyncpg.Pool, dialects: dict[str, Inbound]) -> Supervisor:
    processor = PROCESSORS[name]
    handler = Handler(
        processor,
        pool=pool,
        dialects=dialects,
        wire_forms=wire_forms(),
        limit=ParkingLimit(window_records=1000, limit_percent=90),
        patience_seconds=20,
    )
    return Supervisor(
        lambda: Consumer(settings, name=name, event_type=processor.event_type, handler=handler),
        name=name,
        busy=lambda: handler.trouble,
        session_timeout_seconds=settings.processors.session_timeout_seconds,
    )


@pytest_asyncio.fixture(scope="module")
async def system(
    kafka_bootstrap: str, postgres_admin_dsn: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """Everything runs, one endpoint named shop is told of everything, and the command line finds the console."""
    database, prefix = f"ticketwire_test_{uuid4().hex[:10]}", f"test-{uuid4().hex[:10]}."
    await execute(postgres_admin_dsn, f"CREATE DATABASE {database} TEMPLATE {postgres_template}")
    settings = Settings.model_validate(
        {
            "kafka": {"bootstrap_servers": kafka_bootstrap, "topic_prefix": prefix, "partitions": 2},
            "postgres": {"dsn": dsn_of(database, like=postgres_admin_dsn)},
            "processors": {"session_timeout_seconds": 6},
            "publisher": {"poll_seconds": 0.1, "lease_margin_seconds": 1.0},
            "policies": {"short": {"kind": "fixed", "wait_seconds": 0.2, "retries": 1}},
            "admin_token": "token-of-the-runbook",
            "encryption_keys": [new_key()],
            "console": {"port": Ports().free("127.0.0.1")},
        }
    )
    await ensure_topics(settings.kafka, all_topics(prefix))
    environment = {
        "TICKETWIRE_ADMIN_TOKEN": "token-of-the-runbook",
        "TICKETWIRE_CONSOLE__PORT": str(settings.console.port),
        "TICKETWIRE_POSTGRES__DSN": settings.postgres.dsn.get_secret_value(),
    }
    async with AsyncExitStack() as stack:
        stack.push_async_callback(execute, postgres_admin_dsn, f"DROP DATABASE {database} WITH (FORCE)")
        operator = stack.enter_context(pytest.MonkeyPatch.context())
        operator.chdir(tmp_path_factory.mktemp("operator"))
        for name, value in environment.items():
            operator.setenv(name, value)
        sink = await stack.enter_async_context(Sink())
        producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
        await producer.start()
        stack.push_async_callback(producer.stop)
        system = System(settings, postgres_admin_dsn, producer, sink)
        stack.push_async_callback(system.stop)
        await system.start("console", "processors", "publisher", "replayer")
        made = await ticketwire("endpoint", "create", "shop", "--to", f"{sink.url}/shop", "--policy", "short")
        assert made.code == 0, made
        yield system


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
