"""What the hub itself says when an endpoint that carries out voids has failed every retry (DESIGN §2 rule 7)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from schemas.events import EVENT_CONTENT, OrderVoid
from schemas.identity import event_id
from schemas.outcomes import Change
from schemas.topics import EventType
from schemas.void_case import REJECTED, VoidCase, VoidStatus, exhausted_message
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.endpoints import HUB_SOURCE
from store.events import EventRow, upsert_events
from store.journal import JournalEntry, insert_journal
from store.orders import set_versions
from store.owing import owe_callbacks
from store.pool import statement
from store.void_cases import VoidStatusRow, load_void_cases, save_void_cases


@dataclass(frozen=True, slots=True)
class ExhaustedVoid:
    """A callback that was given up after `retries` retries, at an endpoint with `on_give_up = "reject_void"`."""

    event_id: UUID
    order_id: UUID
    retries: int


@dataclass(frozen=True, slots=True)
class _Order:
    source: str
    version: int
    now: datetime


class VoidRejection:
    """Rejects void cases, in the transaction that records the give-up."""

    def __init__(self, wire_forms: WireForms) -> None:
        self._wire_forms = wire_forms

    async def lock(self, connection: Connection, order_ids: Sequence[UUID]) -> None:
        """Lock these orders, before any callback is: processors take them in this order too."""
        await connection.fetch(statement("orders_lock"), sorted(order_ids))

    async def reject(self, connection: Connection, exhausted: ExhaustedVoid) -> None:
        """Set the void case to Rejected and owe every subscriber `order.void` with it; the order must be locked.

        A case that is Rejected already stays as it is: so the callback that tells an endpoint of its own failure cannot
        go round in circles, and a failed retry by hand says nothing new. Other events change nothing.
        """
        row = await connection.fetchrow(statement("callbacks_void_event"), exhausted.event_id, exhausted.order_id)
        if row is None:
            return
        said = EVENT_CONTENT.validate_python(row["content"])
        if isinstance(said, OrderVoid):
            order = _Order(row["source"], row["version"], row["now"])
            await self._reject(connection, said, order=order, exhausted=exhausted)

    async def _reject(
        self, connection: Connection, said: OrderVoid, *, order: _Order, exhausted: ExhaustedVoid
    ) -> None:
        order_id = exhausted.order_id
        content = said.model_copy(
            update={"void_status": REJECTED, "message": exhausted_message(exhausted.retries), "extra": {}}
        )
        identity = event_id(order.source, EventType.VOID, content.order_no, _digest(content))
        cases = (await load_void_cases(connection, [order_id])).get(order_id, MappingProxyType({}))
        before = cases.get(content.void_code) or VoidCase(content.void_code)
        if before.present is not None and before.present.status == REJECTED:
            return
        status = VoidStatus(identity, REJECTED, content.message, order.now)
        after = before.with_status(status)
        await upsert_events(connection, [_event_row(identity, content, order=order, order_id=order_id)])
        await save_void_cases(connection, [VoidStatusRow(order_id, status, after)])
        version = order.version + 1
        await set_versions(connection, [(order_id, version)])
        change = Change(before.summary(), after.summary())
        entry = JournalEntry(order_id, version, identity, order.source, str(EventType.VOID), change)
        await insert_journal(connection, [entry])
        await owe_callbacks(connection, [entry], self._wire_forms)


def _digest(content: OrderVoid) -> bytes:
    """What identifies a void status (contracts/README.md, "Idempotency key"), said by the hub."""
    key = [HUB_SOURCE, content.customer, content.order_no, content.void_code, content.void_status, content.message]
    return hashlib.sha256(orjson.dumps(key)).digest()


def _event_row(identity: UUID, content: OrderVoid, *, order: _Order, order_id: UUID) -> EventRow:
    dumped: dict[str, Any] = content.model_dump(mode="json")
    return EventRow(identity, order_id, str(EventType.VOID), order.now, dumped, HUB_SOURCE, "hub", None)
