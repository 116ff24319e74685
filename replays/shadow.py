"""A shadow: the state as the present code would have it, beside live, for one run to show or to promote.

Made in three steps, each of which goes on where a killed replayer left it: fold the range (`replays.fold`), note which
orders it has to do with, set each beside live (`replays.compare`). docs/decisions/0036 says what is compared.
"""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from replays.compare import Compared, Comparison
from replays.course import client_id
from replays.fold import Control, Workbench, fold_range
from replays.reach import within_reach
from replays.reader import Plan, plan
from runtime.errors import InvalidRequest
from runtime.logs import get_logger
from schemas.selection import Selection
from schemas.topics import UNROUTED
from store.runs import Run
from store.shadow import (
    Schemas,
    create_shadow,
    drop_shadow,
    note_touched,
    read_position,
    schemas_of,
    share_snapshot,
    stale_shadows,
    touched_orders,
    work_on,
    write_position,
)

ORDERS_AT_ONCE = 1000
SHOWN_ORDERS = 20
KEPT = timedelta(hours=72)
"""How long a shadow that nobody promotes or discards takes up room."""

log = get_logger()

Position = dict[str, Any]


class ShadowBuild:
    """Makes and compares the shadow of one run."""

    def __init__(self, bench: Workbench, run_id: UUID, control: Control, *, whole: bool) -> None:
        """`whole`: of everything that Kafka has, compared with every order that live has."""
        self._bench = bench
        self._run_id = run_id
        self._control = control
        self._whole = whole

    async def build(self, selection: Selection) -> Position:
        """The position at the end: what was read and found. Raises as `control` and the reader do."""
        schemas, position = await self._begin(selection)
        fixed = Plan.model_validate(position["plan"])
        if position["phase"] == "fold":
            begun = time.monotonic()
            position = await fold_range(
                self._bench, fixed, schemas, position, self._control, client_id=client_id(self._run_id)
            )
            position = await self._touch(schemas, position, seconds=time.monotonic() - begun)
        comparison = Comparison(schemas, fixed, self._bench.wire_forms, whole=self._whole)
        while position["phase"] == "compare":
            position, orders = await self._compare(comparison, schemas, position)
            await self._control.tell({"phase": "compare", "done": position["orders"], "of": position["touched"]})
            await self._control.pace(orders)
        return position

    async def _begin(self, selection: Selection) -> tuple[Schemas, Position]:
        """Where an earlier worker left it, or a new shadow: also after a crash of Postgres, which emptied the old."""
        if UNROUTED in selection.types:
            raise InvalidRequest(
                "a shadow folds what processors take, and none takes unrouted events", hint="leave that type out"
            )
        await sweep(self._control.pool)
        async with self._control.pool.acquire() as connection, connection.transaction():
            schemas = await schemas_of(connection, self._run_id)
            position = await read_position(connection, schemas)
        if position is not None:
            return schemas, position
        settings = self._bench.settings.kafka
        planned = await plan(settings, selection, client_id=client_id(self._run_id))
        reached, left_out = await within_reach(settings, planned)
        position = _start(reached, left_out)
        async with self._control.pool.acquire() as connection, connection.transaction():
            await create_shadow(connection, schemas)
            await work_on(connection, schemas.shadow)
            await write_position(connection, position, instead_of=None)
        return schemas, position

    async def _touch(self, schemas: Schemas, position: Position, *, seconds: float) -> Position:
        async with self._control.pool.acquire() as connection, connection.transaction():
            await work_on(connection, schemas.shadow)
            touched = await note_touched(connection, schemas, every_order=self._whole)
            moved = position | {"phase": "compare", "touched": touched, "fold_seconds": round(seconds, 3)}
            await write_position(connection, moved, instead_of=position)
        return moved

    async def _compare(self, comparison: Comparison, schemas: Schemas, position: Position) -> tuple[Position, int]:
        begun = time.monotonic()
        after = None if position["after"] is None else UUID(position["after"])
        async with (
            self._control.pool.acquire() as connection,
            self._control.pool.acquire() as beside,
            connection.transaction(isolation="repeatable_read"),
            beside.transaction(isolation="repeatable_read", readonly=True),
        ):
            await share_snapshot(connection, beside)
            await work_on(connection, schemas.shadow)
            orders = await touched_orders(connection, after=after, limit=self._control.batch_records(ORDERS_AT_ONCE))
            if orders:
                found = await comparison.compare(connection, orders, beside=beside)
                moved = _moved(position, found) | {"after": str(orders[-1])}
            else:
                moved = position | {"phase": "done"}
            moved["compare_seconds"] = round(position["compare_seconds"] + time.monotonic() - begun, 3)
            await write_position(connection, moved, instead_of=position)
        return moved, len(orders)


async def sweep(pool: asyncpg.Pool) -> None:
    """Drop the shadows that nobody needs any more."""
    async with pool.acquire() as connection:
        for run_id in await stale_shadows(connection, kept=KEPT):
            await drop_shadow(connection, run_id)
            log.info("shadow.dropped", run=str(run_id))


def found(position: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's shadow showed, for the run's result."""
    counts = position["counts"]
    return {
        "records": position["records"],
        "orders": position["orders"],
        "differing_orders": position["differing"],
        "differing_tables": position["tables"],
        "callbacks": counts.get("callbacks", 0),
        "lands": counts.get("lands", 0),
        "parks": counts.get("parks", 0),
        "not_reached_by_live": position["left_out"],
        "expired_while_reading": position["expired"],
        "taken_from_live": {
            kind: counts.get(kind, 0) for kind in ("before_range", "after_range", "not_selected", "hub_events")
        },
        "first_orders": position["first"],
        "seconds": {"fold": position["fold_seconds"], "compare": position["compare_seconds"]},
    }


def _start(fixed: Plan, left_out: int) -> Position:
    return {
        "phase": "fold",
        "plan": fixed.model_dump(mode="json", by_alias=True),
        "left_out": left_out,
        "next": {},
        "records": 0,
        "expired": 0,
        "fold_seconds": 0.0,
        "touched": 0,
        "after": None,
        "orders": 0,
        "differing": 0,
        "first": [],
        "counts": {},
        "tables": {},
        "sums": {},
        "compare_seconds": 0.0,
    }


def _moved(position: Position, found: Compared) -> Position:
    sums = {
        table: [f"{(int(was, 16) + more) % 2**128:032x}" for was, more in zip(held, found.sums[table], strict=True)]
        if table in found.sums
        else held
        for table in position["sums"].keys() | found.sums.keys()
        for held in [position["sums"].get(table, ["0", "0"])]
    }
    return position | {
        "orders": position["orders"] + found.orders,
        "differing": position["differing"] + len(found.differing),
        "first": [*position["first"], *found.differing][:SHOWN_ORDERS],
        "counts": dict(Counter(position["counts"]) + found.counts),
        "tables": dict(Counter(position["tables"]) + found.tables),
        "sums": sums,
    }


class ShadowTask:
    """The mode `shadow` of a replay. The shadow stays, to be looked at and promoted."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """What the shadow showed; the orders' differences lie in it."""
        build = ShadowBuild(self._bench, run.run_id, control, whole=False)
        return found(await build.build(Selection.model_validate(run.asked["selection"])))
