"""The way of a batch, the same for every processor: seen before? → load → decide → save → owe, in one transaction.

Event identity, domain rows, journal and callbacks owed are written together, or not at all (DESIGN §2 rule 1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from processors.contract import Applied, Decision, Processor, Unapplicable
from processors.decode import place
from schemas.arrival import Arrival
from schemas.outcomes import Verdict
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.events import event_row, insert_arrivals, known_arrivals, upsert_events
from store.journal import JournalEntry, insert_journal
from store.orders import LockedOrder, OrderName, lock_orders
from store.owing import LIVE, Telling, owe_callbacks
from store.pool import is_outage, is_refusal
from store.together import Together


class Refused(Exception):
    """At least one event of this batch cannot be applied: Postgres will not take its values, or our code fails on it.
    The others are fine. `reason` is a stable code; the text names the error, never a value."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}{place(error)}")
        self.reason = "data-refused" if is_refusal(error) else "apply-failed"


@dataclass(slots=True)
class BatchResult:
    """What became of a batch's arrivals. `unapplicable` and `refused`: to be parked, with the reason."""

    verdicts: list[tuple[Arrival, Verdict]] = field(default_factory=list)
    redelivered: int = 0
    unapplicable: list[tuple[Arrival, Unapplicable]] = field(default_factory=list)
    refused: list[tuple[Arrival, Refused]] = field(default_factory=list)
    owed: int = 0

    def add(self, other: "BatchResult") -> None:
        """Take in another part of the same batch."""
        self.verdicts += other.verdicts
        self.redelivered += other.redelivered
        self.unapplicable += other.unapplicable
        self.refused += other.refused
        self.owed += other.owed


async def process(
    connection: Connection,
    processor: Processor[Any],
    arrivals: Sequence[Arrival],
    *,
    wire_forms: WireForms,
    telling: Telling = LIVE,
    run_id: UUID | None = None,
) -> BatchResult:
    """Fold these arrivals into the state, in a transaction of the caller's.

    `run_id` is the run that does so, if one does. Raises Refused when an event cannot be applied; outages pass through
    (`store.pool.is_outage`). The caller rolls back either way; running it again, after a commit too, changes nothing
    twice.
    """
    try:
        return await _process(connection, processor, arrivals, wire_forms=wire_forms, telling=telling, run_id=run_id)
    except Exception as error:
        if is_outage(error):
            raise
        raise Refused(error) from error


async def process_by_halves(
    connection: Connection,
    processor: Processor[Any],
    arrivals: Sequence[Arrival],
    *,
    wire_forms: WireForms,
    telling: Telling = LIVE,
    run_id: UUID | None = None,
) -> BatchResult:
    """As `process`, but what is refused is halved, in savepoints, until each offender stands by itself in `refused`;
    the others are applied."""
    try:
        async with connection.transaction():
            return await process(connection, processor, arrivals, wire_forms=wire_forms, telling=telling, run_id=run_id)
    except Refused as refusal:
        if len(arrivals) == 1:
            return BatchResult(refused=[(arrivals[0], refusal)])
    result, middle = BatchResult(), len(arrivals) // 2
    for half in (arrivals[:middle], arrivals[middle:]):
        result.add(
            await process_by_halves(connection, processor, half, wire_forms=wire_forms, telling=telling, run_id=run_id)
        )
    return result


async def _process(
    connection: Connection,
    processor: Processor[Any],
    arrivals: Sequence[Arrival],
    *,
    wire_forms: WireForms,
    telling: Telling,
    run_id: UUID | None,
) -> BatchResult:
    result = BatchResult()
    names = {arrival.order_id: OrderName(arrival.source, arrival.order_no) for arrival in arrivals}
    orders = await lock_orders(connection, names, wire_forms)
    fresh = await _unseen(connection, arrivals, orders)
    result.redelivered = len(arrivals) - len(fresh)
    existing = sorted({a.order_id for a in fresh if not orders[a.order_id].is_new})
    states = dict(await processor.load(connection, existing)) if existing else {}
    applied, entries = _decide_all(processor, fresh, orders=orders, states=states, result=result)
    writes = Together()
    if result.verdicts:
        await upsert_events(writes, [event_row(arrival) for arrival, _ in result.verdicts])
        await insert_arrivals(writes, result.verdicts, run_id=run_id)
    if applied:
        await processor.save(connection, applied, writes=writes)
    if entries:
        await insert_journal(writes, entries)
        result.owed = await owe_callbacks(connection, entries, wire_forms, telling=telling, writes=writes)
    await writes.send(connection)
    return result


async def _unseen(
    connection: Connection, arrivals: Sequence[Arrival], orders: Mapping[UUID, LockedOrder]
) -> list[Arrival]:
    """The arrivals that were not taken before. A new order cannot have any; the same one twice in a batch is one."""
    unique = {arrival.arrival_id: arrival for arrival in arrivals}
    doubtful = [a.arrival_id for a in unique.values() if not orders[a.order_id].is_new]
    known = await known_arrivals(connection, doubtful) if doubtful else set()
    return [arrival for arrival in unique.values() if arrival.arrival_id not in known]


def _decide_all(
    processor: Processor[Any],
    arrivals: Sequence[Arrival],
    *,
    orders: Mapping[UUID, LockedOrder],
    states: Mapping[UUID, Any],
    result: BatchResult,
) -> tuple[list[Applied[Any]], list[JournalEntry]]:
    by_order: dict[UUID, list[Arrival]] = {}
    for arrival in arrivals:
        by_order.setdefault(arrival.order_id, []).append(arrival)
    applied: list[Applied[Any]] = []
    entries: list[JournalEntry] = []
    for order_id, of_order in by_order.items():
        order = orders[order_id]
        before = state = states.get(order_id) or processor.empty()
        version, taken = order.version, []
        for arrival in of_order:
            try:
                decision = processor.decide(state, arrival)
            except Unapplicable as error:
                result.unapplicable.append((arrival, error))
                continue
            state = decision.state
            taken.append(arrival)
            result.verdicts.append((arrival, decision.verdict))
            if decision.change is not None:
                version += 1
                entries.append(_entry(arrival, decision, version))
        if state is not before:
            applied.append(Applied(order_id, order.is_new, version, before, state, taken))
    return applied, entries


def _entry(arrival: Arrival, decision: Decision[Any], version: int) -> JournalEntry:
    assert decision.change is not None  # noqa: S101 - for the type checker; the caller asked
    told = decision.told_event or arrival.event_id
    return JournalEntry(
        order_id=arrival.order_id,
        version=version,
        event_id=told,
        source=arrival.source,
        event_type=arrival.content.type,
        change=decision.change,
        retells=told != arrival.event_id,
    )
