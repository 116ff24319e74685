"""Orders' contexts: what a webhook does not carry and a partner needs, by party; and the callbacks that waited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from schemas.outcomes import Change
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.journal import JournalEntry
from store.owing import CHANNEL, context_bucket, owe_callbacks
from store.pool import statement


@dataclass(frozen=True, slots=True)
class OrderContext:
    """One party's part. `source` is empty when it holds for the order number at whichever source."""

    source: str
    party: str
    context: dict[str, Any]
    updated_at: datetime


async def get_contexts(connection: Connection, order_no: str) -> list[OrderContext]:
    return [OrderContext(*row) for row in await connection.fetch(statement("contexts_get"), order_no)]


async def put_contexts(
    connection: Connection, order_no: str, contexts: Mapping[str, Mapping[str, Any]], *, source: str, forms: WireForms
) -> list[UUID]:
    """Replace the order's contexts of this source by these; run in a transaction. Safe to repeat.

    What waited for them becomes due, and a channel that they name for the first time is owed the present word on the
    order. Returns the ids of the orders they are for: none, when the order is not known yet.
    """
    await connection.execute(statement("contexts_lock"), context_bucket(order_no))
    await connection.execute(statement("contexts_delete"), order_no, source, list(contexts))
    for party, context in contexts.items():
        await connection.execute(statement("contexts_upsert"), order_no, source, party, dict(context))
    orders = [row["order_id"] for row in await connection.fetch(statement("contexts_orders"), order_no, source)]
    if not orders:
        return orders
    entries = [_entry(row) for row in await connection.fetch(statement("contexts_last_told"), orders)]
    for party in contexts:
        await connection.execute(statement("contexts_wake"), orders, party)
        form = forms.get(party)
        if form is not None and form.only_named:
            await owe_callbacks(connection, entries, forms, dialect=party)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return orders


def _entry(row: asyncpg.Record) -> JournalEntry:
    change = Change(row["change"]["before"], row["change"]["after"])
    return JournalEntry(row["order_id"], row["version"], row["event_id"], row["source"], row["type"], change)
