"""What the hub itself says when an endpoint that carries out voids has failed every retry (DESIGN §2 rule 7)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
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
from store.void_cases import VoidCases, VoidStatusRow, load_void_cases, save_void_cases


@dataclass(frozen=True, slots=True)
class ExhaustedVoid:
    """A callback that was given up after `retries` retries, at an endpoint with `on_give_up = "reject_void"`."""

    event_id: UUID
    order_id: UUID
    retries: int


class VoidRejection:
    """Rejects void cases, in the transaction that records the give-ups."""

    def __init__(self, wire_forms: WireForms) -> None:
        self._wire_forms = wire_forms

    async def lock(self, connection: Connection, order_ids: Sequence[UUID]) -> None:
        """Lock these orders, before any callback is: processors take them in this order too."""
        await connection.fetch(statement("orders_lock"), sorted(order_ids))

    async def reject(self, connection: Connection, exhausted: Sequence[ExhaustedVoid]) -> None:
        """Set the void cases to Rejected and owe every subscriber `order.void` with it; the orders must be locked.

        As many statements for many as for one: the orders stay locked meanwhile, and processors wait for them.
        """
        order_ids = [item.order_id for item in exhausted]
        rows = await connection.fetch(
            statement("callbacks_void_events"), [item.event_id for item in exhausted], order_ids
        )
        retries = {(item.event_id, item.order_id): item.retries for item in exhausted}
        rejections = _Rejections(await load_void_cases(connection, order_ids))
        for row in rows:
            rejections.add(row, retries=retries[row["event_id"], row["order_id"]])
        if rejections.entries:
            await upsert_events(connection, rejections.events)
            await save_void_cases(connection, rejections.statuses)
            await set_versions(connection, rejections.versions.items())
            await insert_journal(connection, rejections.entries)
            await owe_callbacks(connection, rejections.entries, self._wire_forms)


class _Rejections:
    """The rows of rejections: each changes the state that the next one of its order meets."""

    def __init__(self, cases: Mapping[UUID, VoidCases]) -> None:
        self.events: list[EventRow] = []
        self.statuses: list[VoidStatusRow] = []
        self.entries: list[JournalEntry] = []
        self.versions: dict[UUID, int] = {}
        self._cases = {order_id: dict(of_order) for order_id, of_order in cases.items()}

    def add(self, row: asyncpg.Record, *, retries: int) -> None:
        """One void that was given up; `row` is that of callbacks_void_events.

        A case that is Rejected already stays as it is: so the callback that tells an endpoint of its own failure cannot
        go round in circles, and a failed retry by hand says nothing new. Other events change nothing.
        """
        said = EVENT_CONTENT.validate_python(row["content"])
        if not isinstance(said, OrderVoid):
            return
        order_id, source = row["order_id"], row["source"]
        of_order = self._cases.setdefault(order_id, {})
        before = of_order.get(said.void_code) or VoidCase(said.void_code)
        if before.present is not None and before.present.status == REJECTED:
            return
        content = said.model_copy(update={"void_status": REJECTED, "message": exhausted_message(retries), "extra": {}})
        identity = event_id(source, EventType.VOID, content.order_no, _digest(content))
        status = VoidStatus(identity, REJECTED, content.message, row["now"])
        after = of_order[content.void_code] = before.with_status(status)
        version = self.versions[order_id] = self.versions.get(order_id, row["version"]) + 1
        change = Change(before.summary(), after.summary())
        self.events.append(_event_row(identity, content, now=row["now"], order_id=order_id))
        self.statuses.append(VoidStatusRow(order_id, status, after))
        self.entries.append(JournalEntry(order_id, version, identity, source, str(EventType.VOID), change))


def _digest(content: OrderVoid) -> bytes:
    """What identifies a void status (contracts/README.md, "Idempotency key"), said by the hub."""
    key = [HUB_SOURCE, content.customer, content.order_no, content.void_code, content.void_status, content.message]
    return hashlib.sha256(orjson.dumps(key)).digest()


def _event_row(identity: UUID, content: OrderVoid, *, now: datetime, order_id: UUID) -> EventRow:
    dumped: dict[str, Any] = content.model_dump(mode="json")
    return EventRow(identity, order_id, str(EventType.VOID), now, dumped, HUB_SOURCE, "hub", None)
