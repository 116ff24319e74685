"""Parked events and callbacks, and a replayer that carries out what is asked of it, on a real Postgres."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import pytest_asyncio
import uuid_utils.compat as uuids
from pydantic import SecretStr

from dialects.contract import Inbound, ReadEvent, Unreadable
from dialects.registry import INBOUND
from processors.handle import Handled, Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from replays.live_lane import LiveLane
from replays.runner import Runner, Task
from runtime.settings import KafkaSettings, PostgresSettings, Settings
from schemas.parked_selection import ParkedSelection
from schemas.raw_event import RawEvent
from store.pool import open_pool
from store.runs import Run, read_run, request_run
from tests.services.processors.conftest import WIRE_FORMS, ticketed_body
from tests.waiting import until

TOPIC = "raw.order.ticketed"


@dataclass
class KafkaRecord:
    """A record as it lies on Kafka."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    topic: str = TOPIC
    partition: int = 0
    timestamp: int | None = 1767225600123


class Reader:
    """The supplier's dialect as some release reads it: `broken` says why an order's events cannot be read."""

    def __init__(self, broken: Mapping[str, str] | None = None) -> None:
        self.broken = dict(broken or {})

    def read(self, raw: RawEvent) -> ReadEvent:
        if why := self.broken.get(raw.order_no):
            raise Unreadable("broken-release", why)
        return INBOUND["atlas"].read(raw)


@dataclass
class Bench:
    """One database, and what a release reads. `reader` is the present one."""

    settings: Settings
    pool: asyncpg.Pool
    reader: Reader = field(default_factory=Reader)
    offsets: "count[int]" = field(default_factory=count)

    @property
    def dialects(self) -> dict[str, Inbound]:
        readers: dict[str, Any] = {"atlas": self.reader}
        return readers

    def record(self, order_no: str, body: bytes | None = None) -> KafkaRecord:
        raw = RawEvent(
            ce_id=uuids.uuid7(),
            source="atlas",
            type="order.ticketed",
            time=datetime.now(UTC),
            dialect="atlas",
            order_no=order_no,
            body=ticketed_body(order_no, f"T-{order_no}") if body is None else body,
        )
        return KafkaRecord(next(self.offsets), raw.key, raw.body, [*raw.to_headers()])

    async def take(self, records: Sequence[KafkaRecord]) -> Handled:
        """As the live processor takes them, with the present reader."""
        handler = Handler(
            PROCESSORS["ticketed"],
            pool=self.pool,
            dialects=self.dialects,
            wire_forms=WIRE_FORMS,
            limit=ParkingLimit(window_records=1, limit_percent=100),
            patience_seconds=10,
        )
        return await handler.handle(records)

    async def park(self, *order_nos: str, why: str = "this release does not read it") -> list[KafkaRecord]:
        """Park an event of each of these orders, and mend the reader again."""
        records = [self.record(order_no) for order_no in order_nos]
        present, self.reader = self.reader, Reader(dict.fromkeys(order_nos, why))
        await self.take(records)
        self.reader = present
        return records

    async def ask(self, kind: str, selection: ParkedSelection | Mapping[str, Any] | None = None, **asked: Any) -> Run:
        """Ask for a run."""
        chosen = selection.stored() if isinstance(selection, ParkedSelection) else dict(selection or {})
        async with self.pool.acquire() as connection:
            return await request_run(
                connection, kind=kind, asked={"selection": chosen, **asked}, actor="ana", reason="mended"
            )

    @asynccontextmanager
    async def replaying(self, *tasks: Task) -> AsyncIterator[None]:
        """A replayer beside the test; stopped at the end as a deployment stops it."""
        lane = LiveLane(self.settings.kafka)
        runner = Runner(self.pool, {task.kind: task for task in tasks}, lane=lane, rate=0.0)
        runner.start()
        try:
            yield
        finally:
            await runner.stop()
            await lane.close()

    async def present(self, run: Run) -> Run:
        async with self.pool.acquire() as connection:
            return await read_run(connection, run.run_id)

    async def ended(self, run: Run, state: str = "done") -> dict[str, Any]:
        """The result of a run, once it has ended in this state."""

        async def over() -> Run | None:
            present = await self.present(run)
            return present if present.finished_at is not None else None

        found: Run = await until(over, seconds=20, what="the end of the run")
        assert found.state == state, found
        return found.result or {}

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(query, *arguments)]

    async def parked_states(self) -> dict[str, int]:
        return dict(await self.rows("SELECT state, count(*) FROM parked GROUP BY state"))

    async def parked_ids(self) -> list[UUID]:
        return [row[0] for row in await self.rows('SELECT parked_id FROM parked ORDER BY "offset"')]


@pytest_asyncio.fixture
async def bench(database_dsn: str) -> AsyncIterator[Bench]:
    """Without a Kafka: nothing is live, and parked events carry their own bytes."""
    settings = Settings(
        postgres=PostgresSettings(dsn=SecretStr(database_dsn)), kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1")
    )
    pool = await open_pool(settings.postgres, name="test")
    yield Bench(settings, pool)
    await pool.close()
