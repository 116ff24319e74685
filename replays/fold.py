"""Fold a plan's records with the present code into a run's shadow: the processors' own way, on other tables.

The next batch is read and decoded while Postgres works on the present one.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg

from dialects.contract import Inbound
from processors.batch import process_by_halves
from processors.contract import Processor
from processors.decode import decoded, parked
from replays.ahead import ahead
from replays.reader import Batch, Plan, read
from replays.routing import BY_TYPE
from replays.selection import StampedRecord
from runtime.settings import Settings
from schemas.arrival import Arrival, Coordinates
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.parked import ParkedEvent, park
from store.pool import look_up_by_key
from store.shadow import Place, Schemas, discarded_places, work_on, write_position

BATCH_RECORDS = 500
"""As live's. Of batches four times as large a tenth fewer events were folded in a second."""


class Control(Protocol):
    """As much of a run's control (`replays.runner.Control`) as these runs need."""

    @property
    def pool(self) -> asyncpg.Pool:
        """Connections that work on live, until told otherwise for a transaction."""

    async def checkpoint(self, progress: Mapping[str, Any]) -> None:
        """Say how far the run is; raises when it is to end."""

    async def tell(self, progress: Mapping[str, Any]) -> None:
        """The same, now and then only: what is told is kept elsewhere."""

    def batch_records(self, most: int) -> int:
        """How many events to take at once, at the most."""

    async def pace(self, count: int) -> None:
        """Wait as the run's rate, and live's lag, ask for after so many events."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A batch, and those of its records that are to be folded. `items` are what they say, in the same order."""

    batch: Batch
    records: Sequence[StampedRecord]
    items: Sequence[Arrival | ParkedEvent]


@dataclass(frozen=True, slots=True)
class Workbench:
    """What runs that need a shadow work with."""

    settings: Settings
    dialects: Mapping[str, Inbound]
    wire_forms: WireForms


async def fold_range(
    bench: Workbench, plan: Plan, schemas: Schemas, position: dict[str, Any], control: Control, *, client_id: str
) -> dict[str, Any]:
    """Read the plan on from `position["next"]` and fold it; returns the position after it.

    Each batch and its position are one transaction. Raises LeaseLost when another worker moved the position.
    """
    async with control.pool.acquire() as connection:
        skipped = await discarded_places(connection, schemas, [part.topic for part in plan.parts])
    batches = read(
        bench.settings.kafka,
        plan,
        position["next"],
        client_id=client_id,
        batch_records=control.batch_records(BATCH_RECORDS),
    )

    async def prepare(batch: Batch) -> _Prepared:
        records = _kept(batch, skipped)
        return _Prepared(batch, records, await decoded(records, bench.dialects))

    async with aclosing(batches), aclosing(ahead(batches, prepare)) as coming:
        async for prepared in coming:
            batch, number = prepared.batch, len(prepared.records)
            async with control.pool.acquire() as connection, connection.transaction():
                await work_on(connection, schemas.shadow)
                await look_up_by_key(connection)
                if number:
                    await _fold(connection, BY_TYPE[batch.type], prepared)
                position = await _move(connection, position, batch, number)
            await control.tell({"phase": "fold", "done": plan.passed(batch.next), "of": plan.offsets})
            await control.pace(number)
    return position


async def _fold(connection: Connection, processor: Processor[Any], prepared: _Prepared) -> None:
    """As `processors.handle` does it, save that there is no parking limit: how much is parked is what is to be seen."""
    by_place = {Coordinates(r.topic, r.partition, r.offset): r for r in prepared.records}
    arrivals = [item for item in prepared.items if isinstance(item, Arrival)]
    events = [item for item in prepared.items if isinstance(item, ParkedEvent)]
    if arrivals:
        result = await process_by_halves(connection, processor, arrivals, wire_forms={})
        for arrival, unapplicable in result.unapplicable:
            event = by_place[arrival.at]
            events.append(parked(event, stage="decide", reason=unapplicable.reason, detail=str(unapplicable)))
        for arrival, refused in result.refused:
            event = by_place[arrival.at]
            events.append(parked(event, stage="apply", reason=refused.reason, detail=str(refused)))
    if events:
        await park(connection, processor.name, events)


async def _move(connection: Connection, position: dict[str, Any], batch: Batch, records: int) -> dict[str, Any]:
    moved = position | {
        "next": dict(batch.next),
        "records": position["records"] + records,
        "expired": position["expired"] + batch.expired,
    }
    await write_position(connection, moved, instead_of=position)
    return moved


def _kept(batch: Batch, skipped: set[Place]) -> Sequence[StampedRecord]:
    if not skipped:
        return batch.records
    return [r for r in batch.records if Place(r.topic, r.partition, r.offset) not in skipped]
