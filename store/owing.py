"""Callbacks that become owed, in the transaction of the change that owes them."""

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from schemas.identity import callback_id
from schemas.wire_forms import WireForm, WireForms
from store.connection import Connection, Writes
from store.journal import JournalEntry
from store.pool import statement

CHANNEL = "ticketwire_callbacks_due"
"""Postgres' notification channel that wakes publishers; one notice for each transaction, never for each row."""

_BUCKETS = 256
SUPPRESSED = "suppressed"


class OwedCallback(NamedTuple):
    """One callback that a change owes to an endpoint. `state`: pending, or not_deliverable with the reason in
    `outcome`."""

    callback_id: UUID
    endpoint_id: UUID
    endpoint: str
    order_id: UUID
    event_id: UUID
    event_type: str
    sequence: int
    state: str
    outcome: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How what becomes owed is told. `suppressed`: why it is only recorded, for an operator to send later, if that is
    not empty; such a callback holds up no later one. `replay`: it says to the receiver that it is one."""

    suppressed: str = ""
    replay: bool = False

    def state(self, callback: OwedCallback) -> str:
        """The state it begins in. What cannot be said in the dialect stays so."""
        return SUPPRESSED if self.suppressed and callback.state == "pending" else callback.state


LIVE = Telling()


@dataclass(frozen=True, slots=True)
class _Endpoint:
    endpoint_id: UUID
    name: str
    dialect: str
    event_types: frozenset[str]
    filter: Mapping[str, Any]

    def wants(self, entry: JournalEntry, form: WireForm | None) -> bool:
        """An event that cannot be said in the dialect is recorded, though nobody could have asked for it."""
        sources = self.filter.get("sources")
        if sources and entry.source not in sources:
            return False
        unsayable = form is not None and entry.event_type not in form.event_types
        return unsayable or entry.event_type in self.event_types


def context_bucket(order_no: str) -> int:
    """The advisory lock under which an order's context is stored, and read by those who owe by it."""
    return zlib.crc32(order_no.encode()) % _BUCKETS


async def owe_callbacks(
    connection: Connection,
    entries: Sequence[JournalEntry],
    wire_forms: WireForms,
    *,
    dialect: str | None = None,
    telling: Telling = LIVE,
    writes: Writes | None = None,
) -> int:
    """Owe one callback for each change and endpoint that wants it; returns how many. The orders must be locked. The
    rows are written by `writes`, if that is given.

    One whose dialect has no wire form for the event is recorded as not deliverable, visibly. With `dialect`, only its
    endpoints are looked at. Safe to repeat.
    """
    owed = await owed_callbacks(connection, entries, wire_forms, dialect=dialect)
    if not owed:
        return 0
    await (writes or connection).execute(
        statement("owing_insert"),
        [callback.callback_id for callback in owed],
        [callback.endpoint_id for callback in owed],
        [callback.order_id for callback in owed],
        [callback.event_id for callback in owed],
        [callback.sequence for callback in owed],
        [telling.state(callback) for callback in owed],
        [telling.suppressed if telling.state(callback) == SUPPRESSED else callback.outcome for callback in owed],
        telling.replay,
        CHANNEL,
        [callback.source for callback in owed],
    )
    return len(owed)


async def owed_callbacks(
    connection: Connection, entries: Sequence[JournalEntry], wire_forms: WireForms, *, dialect: str | None = None
) -> list[OwedCallback]:
    """What `owe_callbacks` would owe for the same, without owing it."""
    told = [entry for entry in entries if entry.change.told]
    if not told:
        return []
    types = sorted({entry.event_type for entry in told})
    endpoints = [
        _Endpoint(row["endpoint_id"], row["name"], row["dialect"], frozenset(row["event_types"]), row["filter"])
        for row in await connection.fetch(statement("owing_endpoints"), types, _silent(types, wire_forms))
        if dialect in (None, row["dialect"])
    ]
    named = await _named(connection, told, endpoints, wire_forms)
    return list(_owed(told, endpoints, wire_forms, named))


def only_named(wire_forms: WireForms) -> list[str]:
    """Dialects that are owed a callback only where the order's context names them."""
    return sorted(name for name, form in wire_forms.items() if form.only_named)


def _silent(types: Collection[str], wire_forms: WireForms) -> list[str]:
    """Dialects in which one of these has no wire form."""
    return sorted(name for name, form in wire_forms.items() if not form.event_types.issuperset(types))


async def _named(
    connection: Connection, entries: Sequence[JournalEntry], endpoints: Sequence[_Endpoint], wire_forms: WireForms
) -> set[tuple[UUID, str]]:
    """Which orders' contexts name which of these endpoints' parties."""
    parties = sorted({endpoint.dialect for endpoint in endpoints} & set(only_named(wire_forms)))
    if not parties:
        return set()
    orders = sorted({entry.order_id for entry in entries})
    return {(row[0], row[1]) for row in await connection.fetch(statement("contexts_naming"), orders, parties)}


def _owed(
    entries: Sequence[JournalEntry],
    endpoints: Sequence[_Endpoint],
    wire_forms: WireForms,
    named: set[tuple[UUID, str]],
) -> Iterator[OwedCallback]:
    for entry in entries:
        for endpoint in endpoints:
            form = wire_forms.get(endpoint.dialect)
            if not endpoint.wants(entry, form):
                continue
            if form is not None and form.only_named and (entry.order_id, endpoint.dialect) not in named:
                continue
            deliverable = form is not None and entry.event_type in form.event_types
            retelling = entry.version if entry.retells else None
            yield OwedCallback(
                callback_id=callback_id(entry.event_id, endpoint.endpoint_id, retelling=retelling),
                endpoint_id=endpoint.endpoint_id,
                endpoint=endpoint.name,
                order_id=entry.order_id,
                event_id=entry.event_id,
                event_type=entry.event_type,
                sequence=entry.version,
                state="pending" if deliverable else "not_deliverable",
                outcome="" if deliverable else f"{entry.event_type} has no wire form in dialect {endpoint.dialect}",
                source=entry.source,
            )
