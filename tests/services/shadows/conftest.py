"""A live hub whose decoder was wrong, and runs over it with the right one."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from dialects.contract import ReadEvent, Unreadable
from dialects.registry import INBOUND
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from replays.fold import Workbench
from replays.promote import PromoteTask
from replays.reader import plan, read
from replays.rebuild import RebuildTask
from replays.shadow import ShadowTask
from schemas.events import OrderTicketed
from schemas.selection import Selection
from schemas.topics import processor_group
from store.runs import Run, claim_run, finish_run, request_run
from tests.services.processors.conftest import WIRE_FORMS, Stage, ticketed_body, void_body
from tests.services.processors.conftest import make_stage as make_stage  # noqa: PLC0414 - a fixture here too
from tests.services.processors.conftest import stage as stage  # noqa: PLC0414 - a fixture here too

STATE = {
    "orders": "order_id, ticketed_event, ticketed_at, customer, attention, version",
    "passengers": "*",
    "tickets": "*",
    "pnrs": "*",
    "void_cases": "*",
    "void_statuses": "*",
    "events": "event_id, order_id, type, arrived_at, content, superseded_by",
    "arrivals": "arrival_id, event_id, order_id",
    "journal": "order_id, version, event_id, change",
    "callbacks": "callback_id, endpoint_id, event_id, sequence, state, replay",
    "parked": "parked_id, state",
    "superseded_readings": "*",
    "operator_actions": "*",
}
Bend = Callable[[Any, ReadEvent], ReadEvent]


class Wrong:
    """A decoder that a release broke for some orders: what it reads is bent, or cannot be read at all."""

    def __init__(self, bends: Mapping[str, Bend]) -> None:
        self.bends = bends

    def read(self, raw: Any) -> ReadEvent:
        read = INBOUND["atlas"].read(raw)
        bend = self.bends.get(read.content.order_no)
        return bend(raw, read) if bend else read


def same_event(raw: Any, read: ReadEvent) -> ReadEvent:
    """Says something else under the same identity: a ticket number, a status's message."""
    if not isinstance(read.content, OrderTicketed):
        return read._replace(content=read.content.model_copy(update={"message": "bent"}))
    passengers = [p.model_copy(update={"ticket_numbers": ("BENT",)}) for p in read.content.passengers]
    return read._replace(content=read.content.model_copy(update={"passengers": tuple(passengers)}))


def other_event(raw: Any, read: ReadEvent) -> ReadEvent:
    """The same, and takes it for another event."""
    return same_event(raw, read)._replace(digest=b"bent" + read.digest)


def unreadable(raw: Any, read: ReadEvent) -> ReadEvent:
    raise Unreadable("broken", "this release does not read it")


class Dies(Exception):
    """The worker is gone, between two transactions."""


@dataclass
class Hand:
    """The control of a run in a test. After `dies_after` checkpoints the worker is gone."""

    pool: asyncpg.Pool
    dies_after: int | None = None
    checkpoints: list[dict[str, Any]] = field(default_factory=list)

    async def checkpoint(self, progress: Mapping[str, Any]) -> None:
        self.checkpoints.append(dict(progress))
        if len(self.checkpoints) == self.dies_after:
            raise Dies

    async def tell(self, progress: Mapping[str, Any]) -> None:
        await self.checkpoint(progress)

    def batch_records(self, most: int) -> int:
        return most

    async def pace(self, count: int) -> None:
        del count


@dataclass
class World:
    """A stage, and what is run over it."""

    stage: Stage
    bends: dict[str, Bend] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.stage.pool

    async def live(self) -> None:
        """Let live, with the wrong decoder, take all there is, and commit as its groups do."""
        kafka = self.stage.settings.kafka
        fixed = await plan(kafka, Selection(), client_id="test")
        taken: dict[str, int] = {}
        async with aclosing(read(kafka, fixed, self.taken, client_id="test")) as batches:
            async for batch in batches:
                if batch.records:
                    await self._handler(batch.type).handle(batch.records)
                taken = dict(batch.next)
        for processor in PROCESSORS.values():
            ends = {
                part.place: OffsetAndMetadata(part.end, "") for part in fixed.parts if part.type == processor.event_type
            }
            if ends:
                await commit(kafka.bootstrap_servers, processor_group(kafka.topic_prefix, processor.name), ends)
        self.taken.update(taken)

    def _handler(self, event_type: str) -> Handler:
        processor = next(p for p in PROCESSORS.values() if p.event_type == event_type)
        dialects: Any = {"atlas": Wrong(self.bends)}
        limit = ParkingLimit(window_records=1000, limit_percent=100)
        return Handler(
            processor, pool=self.pool, dialects=dialects, wire_forms=WIRE_FORMS, limit=limit, patience_seconds=10
        )

    def bench(self, bends: Mapping[str, Bend] | None = None) -> Workbench:
        dialects: Any = {"atlas": Wrong(bends or {})}
        return Workbench(self.stage.settings, dialects, WIRE_FORMS)

    async def run(self, kind: str, asked: dict[str, Any]) -> Run:
        """A run that was asked for and claimed."""
        async with self.pool.acquire() as connection:
            await request_run(connection, kind=kind, asked=asked, actor="tester", reason="a fix")
            claimed = await claim_run(connection, kinds=[kind], worker="w", lease_seconds=600)
        assert claimed is not None
        return claimed

    async def ends(self, run: Run, result: dict[str, Any]) -> dict[str, Any]:
        async with self.pool.acquire() as connection:
            await finish_run(connection, run.run_id, worker="w", state="done", result=result)
        return result

    async def shadow(self, **selection: Any) -> tuple[UUID, dict[str, Any]]:
        """Run a shadow with the right decoder."""
        run = await self.run("replay", {"mode": "shadow", "selection": selection})
        result = await ShadowTask(self.bench()).run(run, Hand(self.pool))
        return run.run_id, await self.ends(run, result)

    async def promote(self, shadow: UUID, callbacks: str = "suppress") -> dict[str, Any]:
        run = await self.run("promote", {"run": str(shadow), "callbacks": callbacks})
        return await self.ends(run, await PromoteTask(WIRE_FORMS).run(run, Hand(self.pool)))

    async def rebuild(self, bends: Mapping[str, Bend] | None = None) -> dict[str, Any]:
        run = await self.run("rebuild", {})
        return await self.ends(run, await RebuildTask(self.bench(bends)).run(run, Hand(self.pool)))

    async def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of live."""
        return {
            table: sorted((tuple(row) for row in await self.pool.fetch(f"SELECT {columns} FROM {table}")), key=repr)
            for table, columns in STATE.items()
        }

    async def endpoint(self) -> UUID:
        endpoint_id = uuid4()
        await self.pool.execute(
            "INSERT INTO endpoints (endpoint_id, name, url, dialect, event_types, policy, secrets)"
            " VALUES ($1, $2, 'http://127.0.0.1:1/', 'standard', '{order.ticketed,order.void}', 'void', '')",
            endpoint_id,
            f"e-{endpoint_id}",
        )
        return endpoint_id

    async def schemas(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'shadow%'"))


async def commit(bootstrap: str, group: str, ends: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
    """As the group's members do, without the time that joining takes."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await client.start()
    try:
        client.assign(list(ends))
        await client.commit(ends)
    finally:
        await client.stop()


@pytest.fixture
async def world(stage: Stage) -> World:
    """A hub with one endpoint."""
    made = World(stage)
    await made.endpoint()
    return made


async def fill(world: World, orders: int, *, voids: bool = False) -> None:
    """Each order is ticketed and, if asked, has one void status: a second topic takes a second longer to read."""
    for number in range(orders):
        order = f"O{number}"
        await world.stage.send(ticketed_body(order, f"T{number}-1", f"T{number}-2"), order_no=order)
        if voids:
            await world.stage.send(void_body(order, 1), order_no=order)
