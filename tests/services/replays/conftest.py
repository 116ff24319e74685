"""Raw events on a real Kafka, a live processor beside them, and replayers that run what is asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka.structs import OffsetAndMetadata

from dialects.contract import Inbound, ReadEvent, Unreadable
from dialects.registry import INBOUND
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from replays.apply import Apply
from replays.dry_run import DryRun
from replays.live_lane import LiveLane
from replays.reader import plan, read
from replays.replay import Replay
from replays.runner import Runner, Task
from schemas.selection import Selection
from schemas.topics import processor_group
from store.runs import Run, read_run, request_run
from tests.services.processors.conftest import WIRE_FORMS, Stage
from tests.services.processors.conftest import make_stage as make_stage  # noqa: PLC0414 - a fixture here too
from tests.services.processors.conftest import stage as stage  # noqa: PLC0414 - a fixture here too
from tests.services.shadows.conftest import commit
from tests.waiting import until

STATE = {
    "orders": "order_id, ticketed_event, version",
    "tickets": "*",
    "void_cases": "*",
    "events": "event_id, arrived_at, content",
    "arrivals": "arrival_id, event_id, verdict, processed_at",
    "journal": "*",
    "callbacks": "callback_id, endpoint_id, event_id, sequence, state, replay, outcome, created_at",
    "parked": "parked_id, state",
}
"""What a replay may change, with the moments that tell whether it was written anew."""


@dataclass
class Reader:
    """The supplier's dialect as a release reads it: the events of `broken` orders cannot be read."""

    broken: set[str] = field(default_factory=set)

    def read(self, raw: Any) -> ReadEvent:
        if raw.order_no in self.broken:
            raise Unreadable("broken-release", "this release does not read it")
        return INBOUND["atlas"].read(raw)


@dataclass
class World:
    """`reader` is what every release reads, the live one and the replayers'."""

    stage: Stage
    reader: Reader = field(default_factory=Reader)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.stage.pool

    @property
    def dialects(self) -> dict[str, Inbound]:
        readers: dict[str, Any] = {"atlas": self.reader}
        return readers

    async def live(self, **selection: Any) -> None:
        """Let live take what is selected."""
        kafka = self.stage.settings.kafka
        fixed = await plan(kafka, Selection(**selection), client_id="test")
        async with aclosing(read(kafka, fixed, {}, client_id="test")) as batches:
            async for batch in batches:
                if batch.records:
                    await self._handler(batch.type).handle(batch.records)

    def _handler(self, event_type: str) -> Handler:
        return Handler(
            next(processor for processor in PROCESSORS.values() if processor.event_type == event_type),
            pool=self.pool,
            dialects=self.dialects,
            wire_forms=WIRE_FORMS,
            limit=ParkingLimit(window_records=1, limit_percent=100),
            patience_seconds=10,
        )

    def task(self) -> Task:
        settings = self.stage.settings
        apply = Apply(settings, self.dialects, WIRE_FORMS)
        return Replay({"dry-run": DryRun(settings, self.dialects), "apply": apply})

    async def live_came_by(self) -> None:
        """Let the live groups commit where the topics end, whatever of it is in the tables."""
        kafka = self.stage.settings.kafka
        everything = await plan(kafka, Selection(), client_id="test")
        for processor in PROCESSORS.values():
            ends = {p.place: OffsetAndMetadata(p.end, "") for p in everything.parts if p.type == processor.event_type}
            if ends:
                await commit(kafka.bootstrap_servers, processor_group(kafka.topic_prefix, processor.name), ends)

    async def ask(
        self, mode: str, selection: Mapping[str, Any] | None = None, *, live_behind: bool = False, **asked: Any
    ) -> Run:
        """Ask for a replay, of what live has passed."""
        if not live_behind:
            await self.live_came_by()
        chosen = Selection.model_validate(selection or {}).stored()
        wanted = {"mode": mode, "selection": chosen, "callbacks": "suppress", "rate": 0} | asked
        async with self.pool.acquire() as connection:
            return await request_run(connection, kind="replay", asked=wanted, actor="ana", reason="a fix")

    @asynccontextmanager
    async def replaying(self, *tasks: Task) -> AsyncIterator[Runner]:
        """A replayer beside the test; stopped at the end as a deployment stops it."""
        lane = LiveLane(self.stage.settings.kafka)
        runner = Runner(self.pool, {task.kind: task for task in tasks or (self.task(),)}, lane=lane, rate=0.0)
        runner.start()
        try:
            yield runner
        finally:
            await runner.stop()
            await lane.close()

    async def present(self, run: Run) -> Run:
        async with self.pool.acquire() as connection:
            return await read_run(connection, run.run_id)

    async def ended(self, run: Run, state: str = "done") -> Run:
        """The run, once it has ended in this state."""

        async def over() -> Run | None:
            present = await self.present(run)
            return present if present.finished_at is not None else None

        found: Run = await until(over, seconds=40, what="the end of the run")
        assert found.state == state, found
        return found

    async def replay(
        self, mode: str, selection: Mapping[str, Any] | None = None, *, state: str = "done", **asked: Any
    ) -> dict[str, Any]:
        """Run a replay from its wish to its end; the result."""
        run = await self.ask(mode, selection, **asked)
        async with self.replaying():
            return (await self.ended(run, state)).result or {}

    async def endpoint(self) -> UUID:
        """Somebody who is owed a callback for each change."""
        number = uuid4()
        await self.pool.execute(
            "INSERT INTO endpoints (endpoint_id, name, url, dialect, event_types, policy, secrets)"
            " VALUES ($1, $2, 'http://127.0.0.1:1/', 'standard', '{order.ticketed,order.void}', 'standard', '')",
            number,
            str(number),
        )
        return number

    async def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows that a replay may change."""
        return {
            table: sorted((tuple(row) for row in await self.pool.fetch(f"SELECT {columns} FROM {table}")), key=repr)
            for table, columns in STATE.items()
        }

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(query, *arguments)]


@pytest.fixture
async def world(stage: Stage) -> World:
    return World(stage)
