"""Shadow schemas: the tables of the state once more, empty, in the same database, for one run to fold into.

A statement with unqualified names works on whichever schema the connection's `search_path` names, and on that one
alone. The few statements that look at both say `{live}`. Live rows are only ever read here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from store.connection import Connection
from store.pool import statement
from store.runs import LeaseLost

_COPIED = (
    *("orders", "events", "arrivals", "passengers", "tickets", "pnrs", "ancillaries", "void_cases", "void_statuses"),
    *("journal", "parked", "endpoints"),
)
"""What a processor writes or looks at. `endpoints` stays empty: a fold owes nobody anything."""
_SOUGHT_BY = {
    "orders": "order_id",
    "events": "event_id, order_id, superseded_by",
    "arrivals": 'arrival_id, order_id, topic, partition, "offset"',
    "passengers": "order_id",
    "tickets": "order_id",
    "pnrs": "order_id",
    "ancillaries": "order_id",
    "void_cases": "order_id",
    "void_statuses": "order_id",
    "parked": 'parked_id, topic, partition, "offset"',
}
"""By which columns a comparison finds rows of the shadow."""
_OWN = ("shadow_create_position", "shadow_create_touched", "shadow_create_parking", "shadow_create_differences")


@dataclass(frozen=True, slots=True)
class Schemas:
    """The names of the two."""

    live: str
    shadow: str

    def sql(self, name: str) -> str:
        """The text of a statement that looks at both."""
        return _between(name, self.live, self.shadow)


@dataclass(frozen=True, slots=True)
class Place:
    """A record's place on Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Digests:
    """An order's rows in one schema: a digest for each table that has any."""

    tables: Mapping[str, str]

    @property
    def whole(self) -> str:
        return " ".join(f"{table}:{digest}" for table, digest in sorted(self.tables.items()))


@dataclass(frozen=True, slots=True)
class ParkedChange:
    """A record that is parked in live and lands in the shadow, or the other way round."""

    parked_id: UUID
    place: Place
    lands: bool
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class StoredDifference:
    """`baseline` and `target` are digests of the live order as compared, and of its shadow. `promoted`: what became
    of it, None before it was tried."""

    order_id: UUID
    baseline: str
    target: str
    difference: dict[str, Any]
    promoted: str | None


def shadow_name(run_id: UUID) -> str:
    return f"shadow_{run_id.hex}"


async def schemas_of(connection: Connection, run_id: UUID) -> Schemas:
    """The schema this connection works on by default, and the run's shadow of it."""
    return Schemas(str(await connection.fetchval("SELECT current_schema()")), shadow_name(run_id))


async def create_shadow(connection: Connection, schemas: Schemas) -> None:
    """Make it, empty; what is there under its name goes. In a transaction."""
    await connection.execute(schemas.sql("shadow_drop"))
    await connection.execute(schemas.sql("shadow_schema"))
    for table in _COPIED:
        await connection.execute(schemas.sql("shadow_copy").replace("{table}", table))
    idle = await connection.fetch(statement("shadow_idle_indexes"), schemas.shadow)
    await connection.execute(f"DROP INDEX {', '.join(row['name'] for row in idle)}")
    for name in _OWN:
        await connection.execute(schemas.sql(name))


async def drop_shadow(connection: Connection, run_id: UUID) -> None:
    """Safe to repeat."""
    await connection.execute(Schemas("", shadow_name(run_id)).sql("shadow_drop"), timeout=None)


async def stale_shadows(connection: Connection, *, kept: timedelta) -> list[UUID]:
    """Runs whose shadow nobody needs any more: they ended so long ago, without a result, or are not known at all."""
    rows = await connection.fetch(statement("shadow_stale"), kept)
    return [UUID(row["nspname"].removeprefix("shadow_")) for row in rows]


async def work_on(connection: Connection, schema: str) -> None:
    """Until the transaction ends, or this is called again, unqualified names mean this schema, and no other."""
    await connection.execute("SELECT set_config('search_path', $1, true)", schema)


async def share_snapshot(connection: Connection, other: Connection) -> None:
    """Let `other` see what the transaction of `connection` saw as it began, and nothing else: none of its changes. Both
    are in a transaction on one snapshot (repeatable read), and `other` has not looked at anything yet."""
    snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
    await other.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")  # takes no parameters; the name is Postgres' own


async def read_position(connection: Connection, schemas: Schemas) -> dict[str, Any] | None:
    """How far the run came; None when it has no shadow, or Postgres crashed and emptied it. In a transaction."""
    if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{schemas.shadow}.position"):
        return None
    await work_on(connection, schemas.shadow)
    position: dict[str, Any] | None = await connection.fetchval(statement("shadow_position_get"))
    return position


async def write_position(
    connection: Connection, position: Mapping[str, Any], *, instead_of: Mapping[str, Any] | None
) -> None:
    """Move the run on; the connection works on the shadow. Raises LeaseLost when somebody else moved it meanwhile, or
    Postgres crashed and emptied the shadow."""
    if instead_of is None:
        await connection.execute(statement("shadow_position_insert"), dict(position))
        return
    moved = await connection.fetchval(statement("shadow_position_move"), dict(instead_of), dict(position))
    if moved is None:
        raise LeaseLost("the shadow's position is not where this worker left it")


async def discarded_places(connection: Connection, schemas: Schemas, topics: Sequence[str]) -> set[Place]:
    """Records that an operator discarded: no fold reads them."""
    return {Place(*row) for row in await connection.fetch(schemas.sql("shadow_discarded"), topics)}


async def note_touched(connection: Connection, schemas: Schemas, *, every_order: bool) -> int:
    """Once the range is folded: note which orders to compare, and which records only one of the two has parked.
    Returns how many orders. The connection works on the shadow."""
    for table, columns in _SOUGHT_BY.items():
        analyze = statement("shadow_analyze").replace("{table}", table).replace("{columns}", columns)
        await connection.execute(analyze, timeout=None)
    await connection.execute(schemas.sql("shadow_touch"), timeout=None)
    if every_order:
        await connection.execute(schemas.sql("shadow_touch_all"), timeout=None)
    await connection.execute(schemas.sql("shadow_touch_parking"), timeout=None)
    return int(await connection.fetchval(statement("shadow_touched_number")))


async def touched_orders(connection: Connection, *, after: UUID | None, limit: int) -> list[UUID]:
    """The next orders to compare, by id. The connection works on the shadow."""
    return [row["order_id"] for row in await connection.fetch(statement("shadow_touched"), after, limit)]


async def read_seeds(connection: Connection, schemas: Schemas, orders: Sequence[UUID]) -> list[asyncpg.Record]:
    """What live knows of these orders and the shadow does not. The connection works on the shadow."""
    return list(await connection.fetch(schemas.sql("shadow_seeds"), orders))


async def digests(connection: Connection, orders: Sequence[UUID]) -> dict[UUID, Digests]:
    """Of these orders' rows in the schema the connection works on; an order without rows has none."""
    rows = await connection.fetch(statement("shadow_digests"), orders)
    return {row["order_id"]: Digests(row["digests"]) for row in rows}


async def inbox_digests(connection: Connection, orders: Sequence[UUID]) -> dict[UUID, tuple[int, str]]:
    """Each order's version, and a digest of it and of its arrivals."""
    rows = await connection.fetch(statement("shadow_inbox_digests"), orders)
    return {row["order_id"]: (row["version"], row["digest"]) for row in rows}


async def state_rows(connection: Connection, orders: Sequence[UUID]) -> dict[UUID, dict[tuple[str, str], Any]]:
    """These orders' rows by (table, key), in the schema the connection works on."""
    found: dict[UUID, dict[tuple[str, str], Any]] = {}
    for row in await connection.fetch(statement("shadow_rows"), orders):
        found.setdefault(row["order_id"], {})[row["table"], row["key"]] = row["row"]
    return found


async def counted_events(connection: Connection, orders: Sequence[UUID]) -> list[asyncpg.Record]:
    """The events that count for these orders' state, with their orders' names."""
    return list(await connection.fetch(statement("shadow_events"), orders))


async def parked_changes(
    connection: Connection, schemas: Schemas, orders: Sequence[UUID]
) -> dict[UUID, list[ParkedChange]]:
    """By order. The connection works on the shadow."""
    found: dict[UUID, list[ParkedChange]] = {}
    for row in await connection.fetch(schemas.sql("shadow_parking_of_orders"), orders):
        place = Place(row["topic"], row["partition"], row["offset"])
        change = ParkedChange(row["parked_id"], place, row["lands"], row["reason"], row["detail"])
        found.setdefault(row["order_id"], []).append(change)
    return found


async def insert_differences(connection: Connection, found: Sequence[StoredDifference]) -> None:
    """The connection works on the shadow."""
    await connection.execute(
        statement("shadow_difference_insert"),
        [difference.order_id for difference in found],
        [difference.baseline for difference in found],
        [difference.target for difference in found],
        [difference.difference for difference in found],
    )


async def read_differences(connection: Connection, *, after: UUID | None, limit: int) -> list[StoredDifference]:
    """The next differing orders, by id. The connection works on the shadow."""
    return [StoredDifference(*row) for row in await connection.fetch(statement("shadow_differences"), after, limit)]


async def number_of_differences(connection: Connection) -> int:
    """The connection works on the shadow."""
    return int(await connection.fetchval(statement("shadow_differences_number")))


async def note_promoted(connection: Connection, order: UUID, became: str) -> None:
    """What became of an order's difference. The connection works on the shadow. Raises LeaseLost when that was noted
    before, by another worker."""
    if not await connection.fetchval(statement("shadow_difference_done"), order, became):
        raise LeaseLost(f"order {order} was promoted by another worker")


def _between(name: str, live: str, shadow: str) -> str:
    return statement(name).replace("{live}", f'"{live}"').replace("{shadow}", f'"{shadow}"')
