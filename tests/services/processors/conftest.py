"""A processor on a real Kafka and a real Postgres, fed with raw events as ingest would have written them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
import uuid_utils.compat as uuids
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from dialects.contract import Inbound
from dialects.registry import INBOUND
from processors.consume import Consumer
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from processors.supervise import Supervisor
from runtime.kafka_clients import ensure_topics
from runtime.settings import KafkaSettings, PostgresSettings, ProcessorSettings, Settings
from schemas.raw_event import RawEvent
from schemas.topics import all_topics, raw_topic
from schemas.wire_forms import WireForm
from store.pool import open_pool

WIRE_FORMS = {"standard": WireForm(frozenset({"order.ticketed", "order.void"}))}


def ticketed_body(order_no: str, *tickets: str) -> bytes:
    passengers = [{"name": f"zhang/{t}", "passengerType": 0, "ticketNos": [t], "airlinePNRs": [t]} for t in tickets]
    data = {"orderNo": order_no, "orderStatus": 2, "paxTicketInfos": passengers}
    return orjson.dumps({"cid": "TAC1", "type": "order.ticketed", "status": -1, "data": data})


def void_body(order_no: str, status: Any, *, code: str = "V-1", message: str = "m") -> bytes:
    data = {"orderNo": order_no, "voidCode": code, "voidStatus": status, "message": message}
    return orjson.dumps({"cid": "TAC1", "type": "order.void", "status": -1, "data": data})


@dataclass
class Stage:
    """Settings, a pool and a producer of one test; `consumers` are those that its supervisors made, in turn."""

    settings: Settings
    pool: asyncpg.Pool
    producer: AIOKafkaProducer
    consumers: list[Consumer] = field(default_factory=list)

    async def send(self, body: bytes | None, *, order_no: str, headers: Any = None, type_: str | None = None) -> None:
        """Write one raw event; `headers` replaces the headers as they would be."""
        type_ = type_ or str(orjson.loads(body or b"{}").get("type", "order.void"))
        raw = RawEvent(
            ce_id=uuids.uuid7(),
            source="atlas",
            type=type_,
            time=datetime.now(UTC),
            dialect="atlas",
            order_no=order_no,
            body=body or b"",
        )
        topic = raw_topic(self.settings.kafka.topic_prefix, type_)
        await self.producer.send_and_wait(
            topic, body, key=raw.key, headers=raw.to_headers() if headers is None else headers
        )

    def supervisor(self, name: str, *, dialects: dict[str, Inbound] | None = None) -> Supervisor:
        """A processor's supervisor, as processors.main makes it."""
        processor = PROCESSORS[name]
        limits = self.settings.processors
        handler = Handler(
            processor,
            pool=self.pool,
            dialects=INBOUND if dialects is None else dialects,
            wire_forms=WIRE_FORMS,
            limit=ParkingLimit(
                window_records=limits.parking_window_records, limit_percent=limits.parking_limit_percent
            ),
            patience_seconds=limits.retry_in_place_seconds,
        )

        def make() -> Consumer:
            made = Consumer(self.settings, name=name, event_type=processor.event_type, handler=handler)
            self.consumers.append(made)
            return made

        return Supervisor(
            make, name=name, busy=lambda: handler.trouble, session_timeout_seconds=limits.session_timeout_seconds
        )

    @asynccontextmanager
    async def processing(self, name: str, **arguments: Any) -> AsyncIterator[Supervisor]:
        supervisor = self.supervisor(name, **arguments)
        supervisor.start()
        try:
            yield supervisor
        finally:
            await supervisor.stop()

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))


MakeStage = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def make_stage(topic_prefix: str) -> AsyncIterator[MakeStage]:
    """Makes a stage on the given servers."""
    async with AsyncExitStack() as opened:

        async def make(bootstrap: str, dsn: str, **processors: Any) -> Stage:
            settings = Settings(
                kafka=KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=topic_prefix, partitions=4),
                postgres=PostgresSettings(dsn=SecretStr(dsn)),
                processors=ProcessorSettings(**{"session_timeout_seconds": 6, **processors}),
            )
            await ensure_topics(settings.kafka, all_topics(topic_prefix))
            pool = await open_pool(settings.postgres, name="test")
            opened.push_async_callback(pool.close)
            producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
            await producer.start()
            opened.push_async_callback(_quietly_stop, producer)
            return Stage(settings, pool, producer)

        yield make


async def _quietly_stop(producer: AIOKafkaProducer) -> None:
    async with asyncio.timeout(10):
        await producer.stop()


@pytest.fixture
async def stage(make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str) -> Stage:
    """A stage on the run's Kafka and a database of its own."""
    return await make_stage(kafka_bootstrap, database_dsn)


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(PostgresSettings(dsn=SecretStr(database_dsn)), name="test")
    yield pool
    await pool.close()
