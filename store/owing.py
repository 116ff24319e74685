"""Callbacks that become owed, in the transaction of the change that owes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.identity import callback_id
from store.connection import Connection
from store.journal import JournalEntry
from store.pool import statement

CHANNEL = "ticketwire_callbacks_due"
"""Postgres' notification channel that wakes publishers; one notice for each batch, never for each row."""

WireForms = Mapping[str, frozenset[str]]
"""For each endpoint dialect, the event types that have a wire form in it."""


@dataclass(frozen=True, slots=True)
class _Endpoint:
    endpoint_id: UUID
    dialect: str
    event_types: frozenset[str]
    filter: Mapping[str, Any]

    def wants(self, entry: JournalEntry) -> bool:
        sources = self.filter.get("sources")
        return entry.event_type in self.event_types and (not sources or entry.source in sources)


async def owe_callbacks(connection: Connection, entries: Sequence[JournalEntry], wire_forms: WireForms) -> int:
    """Owe one callback for each change and endpoint that wants it; returns how many. The orders must be locked.

    One whose dialect has no wire form for the event is recorded as not deliverable, visibly.
    """
    told = [entry for entry in entries if entry.change.told]
    if not told:
        return 0
    types = sorted({entry.event_type for entry in told})
    endpoints = [
        _Endpoint(row["endpoint_id"], row["dialect"], frozenset(row["event_types"]), row["filter"])
        for row in await connection.fetch(statement("owing_endpoints"), types)
    ]
    owed = list(_owed(told, endpoints, wire_forms))
    if not owed:
        return 0
    await connection.execute(statement("owing_insert"), *map(list, zip(*owed, strict=True)))
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return len(owed)


def _owed(
    entries: Sequence[JournalEntry], endpoints: Sequence[_Endpoint], wire_forms: WireForms
) -> Iterator[tuple[UUID, UUID, UUID, UUID, int, str, str]]:
    for entry in entries:
        for endpoint in endpoints:
            if not endpoint.wants(entry):
                continue
            deliverable = entry.event_type in wire_forms.get(endpoint.dialect, frozenset())
            yield (
                callback_id(entry.event_id, endpoint.endpoint_id, retelling=entry.version if entry.retells else None),
                endpoint.endpoint_id,
                entry.order_id,
                entry.event_id,
                entry.version,
                "pending" if deliverable else "not_deliverable",
                "" if deliverable else f"{entry.event_type} has no wire form in dialect {endpoint.dialect}",
            )
