"""The table `endpoints`: who is told, where, in which dialect and how patiently."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import asyncpg

from runtime.errors import Conflict, NotFound
from schemas.events import EventContent
from schemas.identity import callback_id, event_id, order_id
from store.connection import Connection
from store.owing import CHANNEL
from store.pool import statement

HUB_SOURCE = "ticketwire"
"""The source of orders that exist only for a test callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row. `secrets` is sealed (runtime.secret_box); `rate_limit` is calls per second, None: no limit."""

    endpoint_id: UUID
    name: str
    url: str
    dialect: str
    event_types: tuple[str, ...]
    policy: str
    secrets: bytes
    rate_limit: float | None
    max_in_flight: int
    timeout_seconds: float
    on_give_up: str
    filter: dict[str, Any]
    state: str = "enabled"
    state_reason: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> Self:
        # By name: a newer version may have added columns while this one still runs.
        known = {column.name: row[column.name] for column in fields(cls)}
        return cls(**(known | {"event_types": tuple(known["event_types"])}))

    def columns(self) -> tuple[object, ...]:
        """What an operator chose, in the order of the statements that write it."""
        return (
            self.endpoint_id,
            self.name,
            self.url,
            self.dialect,
            list(self.event_types),
            self.policy,
            self.secrets,
            self.rate_limit,
            self.max_in_flight,
            self.timeout_seconds,
            self.on_give_up,
            self.filter,
        )


@dataclass(frozen=True, slots=True)
class TestCallback:
    """A callback of a made-up order, owed to one endpoint only."""

    __test__ = False  # not a test, whatever its name makes pytest think

    callback_id: UUID
    order_no: str
    event_type: str


async def insert_endpoint(connection: Connection, endpoint: Endpoint) -> Endpoint:
    """Raise Conflict when the name is taken."""
    row = await connection.fetchrow(statement("endpoints_insert"), *endpoint.columns())
    if row is None:
        raise _name_taken(endpoint.name)
    return Endpoint.from_row(row)


async def list_endpoints(connection: Connection) -> list[Endpoint]:
    """All that are not deleted, by name."""
    return [Endpoint.from_row(row) for row in await connection.fetch(statement("endpoints_list"))]


async def get_endpoint(connection: Connection, name_or_id: str) -> Endpoint:
    """Raise NotFound; a deleted endpoint is not found."""
    return await _one(connection, "endpoints_get", name_or_id)


async def lock_endpoint(connection: Connection, name_or_id: str) -> Endpoint:
    """As get_endpoint; nobody else changes it until the transaction ends."""
    return await _one(connection, "endpoints_lock", name_or_id)


async def update_endpoint(connection: Connection, endpoint: Endpoint) -> Endpoint:
    """Write what an operator chose anew; raise Conflict when the new name is taken."""
    try:
        row = await connection.fetchrow(statement("endpoints_update"), *endpoint.columns())
    except asyncpg.UniqueViolationError:
        raise _name_taken(endpoint.name) from None
    return Endpoint.from_row(_found(row))


async def set_endpoint_state(connection: Connection, endpoint: UUID, *, state: str, reason: str) -> Endpoint:
    """`state`: enabled or disabled. Callbacks of a disabled endpoint wait."""
    row = await connection.fetchrow(statement("endpoints_set_state"), endpoint, state, reason)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return Endpoint.from_row(_found(row))


async def delete_endpoint(connection: Connection, endpoint: UUID) -> int:
    """Mark it deleted and cancel what it is still owed; the number of callbacks cancelled. Run in a transaction."""
    await connection.execute(statement("endpoints_delete"), endpoint)
    tag = await connection.execute(statement("endpoints_cancel_callbacks"), endpoint)
    await connection.execute(statement("endpoints_drop_leases"), endpoint)  # a claim we waited for has left some
    return int(tag.split()[-1])


async def owe_test_callback(connection: Connection, endpoint: UUID, *, content: EventContent) -> TestCallback:
    """Owe a callback of a made-up event to this endpoint only. Run in a transaction; repeating it fails."""
    event_type, order_no = str(content.type), content.order_no
    event = event_id(HUB_SOURCE, event_type, order_no, b"")
    order = order_id(HUB_SOURCE, order_no)
    await connection.execute(
        statement("endpoints_insert_test_event"), event, order, event_type, content.model_dump(mode="json")
    )
    callback = callback_id(event, endpoint)
    await connection.execute(statement("endpoints_insert_test_callback"), callback, endpoint, order, event)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return TestCallback(callback, order_no, event_type)


async def _one(connection: Connection, name: str, name_or_id: str) -> Endpoint:
    row = await connection.fetchrow(statement(name), _as_id(name_or_id), name_or_id)
    if row is None:
        raise NotFound(f"there is no endpoint {name_or_id!r}", hint="see: ticketwire endpoint list")
    return Endpoint.from_row(row)


def _found(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise NotFound("the endpoint is gone", hint="see: ticketwire endpoint list")
    return row


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _name_taken(name: str) -> Conflict:
    return Conflict(f"there is an endpoint {name!r} already", hint="choose another name, or update that one")
