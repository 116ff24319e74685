"""Set the orders of a shadow beside live: complete them with what lies outside the range, then compare row by row.

Each batch of orders is one transaction on one snapshot of live, so that what happens meanwhile is in both or in
neither. Live rows are read without locks.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from processors.batch import process
from replays.difference import Side, describe
from replays.reader import Plan
from replays.retelling import Retelling, retellings
from replays.routing import BY_TYPE
from schemas.arrival import Arrival, Coordinates
from schemas.events import EVENT_CONTENT
from schemas.order_state import CountedEvent, OrderState, fold
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.journal import JournalEntry
from store.owing import OwedCallback, owed_callbacks
from store.shadow import (
    Digests,
    ParkedChange,
    Schemas,
    StoredDifference,
    counted_events,
    digests,
    inbox_digests,
    insert_differences,
    parked_changes,
    read_seeds,
    state_rows,
    work_on,
)

_NOTHING = Digests({})
_Found = TypeVar("_Found")
_Other = TypeVar("_Other")


@dataclass(slots=True)
class Compared:
    """What a batch of orders showed. `sums`: for each table, sums of the orders' digests in live and in the shadow."""

    orders: int = 0
    differing: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    tables: Counter[str] = field(default_factory=Counter)
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderName:
    source: str
    order_no: str


class Comparison:
    """Compares orders of one run. `whole`: the range is all that Kafka has, so that a live arrival within it whose
    record is not there is a difference, not something to take over."""

    def __init__(self, schemas: Schemas, plan: Plan, wire_forms: WireForms, *, whole: bool) -> None:
        self._schemas = schemas
        self._parts = {(part.topic, part.partition): part for part in plan.parts}
        self._wire_forms = wire_forms
        self._whole = whole

    async def compare(self, connection: Connection, orders: Sequence[UUID], *, beside: Connection) -> Compared:
        """In a transaction of the caller's, on one snapshot, which `beside` shares: the shadow is completed and read
        over the one and live over the other at the same time, most of what a comparison does. Leaves `connection`
        working on the shadow."""
        found = Compared(orders=len(orders))
        (parked, shadow), live = await _both(self._of_shadow(connection, orders, found), self._of_live(beside, orders))
        await work_on(connection, self._schemas.live)
        _add_up(found, orders, live, shadow)
        differing = [order for order in orders if live.get(order) != shadow.get(order) or order in parked]
        inbox = await inbox_digests(connection, differing) if differing else {}
        described = await self._describe(connection, differing, parked, inbox, found) if differing else {}
        stored = [
            StoredDifference(
                order_id=order,
                baseline=baseline(live.get(order, _NOTHING), inbox.get(order)),
                target=shadow.get(order, _NOTHING).whole,
                difference=described[order],
                promoted=None,
            )
            for order in differing
        ]
        await work_on(connection, self._schemas.shadow)
        if stored:
            await insert_differences(connection, stored)
        return found

    async def _of_shadow(
        self, connection: Connection, orders: Sequence[UUID], found: Compared
    ) -> tuple[dict[UUID, list[ParkedChange]], dict[UUID, Digests]]:
        await work_on(connection, self._schemas.shadow)
        await self._complete(connection, orders, found)
        parked = await parked_changes(connection, self._schemas, orders)
        return parked, await digests(connection, orders)

    async def _of_live(self, connection: Connection, orders: Sequence[UUID]) -> dict[UUID, Digests]:
        await work_on(connection, self._schemas.live)
        return await digests(connection, orders)

    async def _complete(self, connection: Connection, orders: Sequence[UUID], found: Compared) -> None:
        """Fold in what live knows of these orders beyond the range; folding cares for no order of events."""
        by_type: dict[str, list[Arrival]] = {}
        for row in await read_seeds(connection, self._schemas, orders):
            kind = self._origin(row)
            found.counts[kind] += 1
            if kind != "not_on_kafka":
                by_type.setdefault(row["type"], []).append(_arrival(row))
        for type_, arrivals in by_type.items():
            await process(connection, BY_TYPE[type_], arrivals, wire_forms={})

    def _origin(self, row: asyncpg.Record) -> str:
        if row["topic"] == "":
            return "hub_events"
        part = self._parts.get((row["topic"], row["partition"]))
        if part is None or row["offset"] < part.begin:
            return "before_range"
        if row["offset"] >= part.end:
            return "after_range"
        return "not_on_kafka" if self._whole else "not_selected"

    async def _describe(
        self,
        connection: Connection,
        orders: Sequence[UUID],
        parked: Mapping[UUID, list[ParkedChange]],
        inbox: Mapping[UUID, tuple[int, str]],
        found: Compared,
    ) -> dict[UUID, dict[str, Any]]:
        names, before = await read_sides(connection, orders)
        await work_on(connection, self._schemas.shadow)
        more_names, after = await read_sides(connection, orders)
        await work_on(connection, self._schemas.live)
        names |= more_names
        retold = {order: retellings(before[order].state, after[order].state) for order in orders}
        entries = [
            entry
            for order in orders
            for entry in entries_of(order, names[order].source, inbox.get(order, (0, ""))[0], retold[order])
        ]
        owed: dict[UUID, list[OwedCallback]] = {}
        for callback in await owed_callbacks(connection, entries, self._wire_forms):
            owed.setdefault(callback.order_id, []).append(callback)
        described = {}
        for order in orders:
            difference = describe(
                (names[order].source, names[order].order_no),
                before[order],
                after[order],
                parked=parked.get(order, ()),
                retold=retold[order],
                owed=owed.get(order, ()),
            )
            described[order] = difference
            _count(found, difference)
        return described


def baseline(live: Digests, inbox: tuple[int, str] | None) -> str:
    """What a difference was computed from: promotion goes on only while it holds."""
    return f"{live.whole} {inbox[1] if inbox else ''}".strip()


def entries_of(order: UUID, source: str, version: int, retold: Sequence[Retelling]) -> list[JournalEntry]:
    """The journal entries that follow the order's version."""
    return [
        JournalEntry(
            order_id=order,
            version=version + number,
            event_id=change.event_id,
            source=source,
            event_type=change.event_type,
            change=change.change,
            retells=change.retells,
        )
        for number, change in enumerate(retold, 1)
    ]


async def read_sides(connection: Connection, orders: Sequence[UUID]) -> tuple[dict[UUID, OrderName], dict[UUID, Side]]:
    """These orders as they lie in the schema the connection works on; one that is not there is empty."""
    rows = await state_rows(connection, orders)
    states, names = await read_states(connection, orders)
    return names, {order: Side(rows.get(order, {}), states[order]) for order in orders}


async def read_states(
    connection: Connection, orders: Sequence[UUID]
) -> tuple[dict[UUID, OrderState], dict[UUID, OrderName]]:
    """The fold of what counts for these orders, and the names of those that have any."""
    events: dict[UUID, list[CountedEvent]] = {order: [] for order in orders}
    names: dict[UUID, OrderName] = {}
    for row in await counted_events(connection, orders):
        content = EVENT_CONTENT.validate_python(row["content"])
        events[row["order_id"]].append(CountedEvent(row["event_id"], row["arrived_at"], content))
        names[row["order_id"]] = OrderName(row["source"], row["order_no"])
    return {order: fold(said) for order, said in events.items()}, names


def _arrival(row: asyncpg.Record) -> Arrival:
    """As live has it. The body stays in live: an event that both know is not written again."""
    return Arrival(
        arrival_id=row["arrival_id"],
        event_id=row["event_id"],
        order_id=row["order_id"],
        source=row["source"],
        order_no=row["order_no"],
        dialect=row["dialect"],
        content=EVENT_CONTENT.validate_python(row["content"]),
        arrived_at=row["arrived_at"],
        raw=b"",
        at=Coordinates(row["topic"], row["partition"], row["offset"]),
    )


def _add_up(
    found: Compared, orders: Iterable[UUID], live: Mapping[UUID, Digests], shadow: Mapping[UUID, Digests]
) -> None:
    """A digest is of rows that name their order, so sums differ where two orders' rows are swapped."""
    of_live, of_shadow = Counter[str](), Counter[str]()
    for order in orders:
        was, now = live.get(order, _NOTHING).tables, shadow.get(order, _NOTHING).tables
        numbers = {table: int(digest, 16) for table, digest in was.items()}
        of_live.update(numbers)
        of_shadow.update(numbers if now == was else {table: int(digest, 16) for table, digest in now.items()})
    found.sums = {table: (of_live[table], of_shadow[table]) for table in of_live.keys() | of_shadow.keys()}


def _count(found: Compared, difference: Mapping[str, Any]) -> None:
    found.differing.append(difference["order_no"])
    found.tables.update(difference["tables"])
    found.counts["callbacks"] += len(difference["callbacks"])
    found.counts["lands"] += sum(change["lands"] for change in difference["parked"])
    found.counts["parks"] += sum(not change["lands"] for change in difference["parked"])


async def _both(one: Awaitable[_Found], other: Awaitable[_Other]) -> tuple[_Found, _Other]:
    """Done at once. When one fails, the other ends first: its connection is in use until then."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    return _or_raise(first), _or_raise(second)


def _or_raise(result: _Found | BaseException) -> _Found:
    if isinstance(result, BaseException):
        raise result
    return result
