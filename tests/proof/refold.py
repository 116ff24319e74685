"""The rows that must be there: an order's arrivals folded once more, with the pure decisions and nothing else."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from processors.contract import Decision
from processors.registry import PROCESSORS
from schemas.arrival import Arrival, Coordinates
from schemas.events import EVENT_CONTENT, AnyEvent
from schemas.ticketing import Ticketing
from schemas.topics import EventType
from schemas.void_case import VoidCase, VoidStatus
from tests.proof.evidence import OrderEvidence, Row

_PROCESSORS = {processor.event_type: processor for processor in PROCESSORS.values()}


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry without its version: the event it tells of, the change, whether it is told."""

    event_id: UUID
    change: str
    told: bool
    retells: bool = field(default=False, compare=False)


@dataclass(slots=True)
class Refold:
    """What follows from an order's arrivals and the hub's own events.

    `journal` is by event type, since processors of different types take turns as it happens; `rows` by table.
    """

    journal: dict[str, list[Entry]] = field(default_factory=dict)
    rows: dict[str, list[Hashable]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def refold(evidence: OrderEvidence) -> Refold:
    """Fold the order's events by type, in the order of Kafka's offsets."""
    folded = Refold()
    ticketing, cases = Ticketing(), dict[str, VoidCase]()
    types = sorted({row["type"] for row in evidence.of("events")})
    for event_type in types:
        fold = _Fold(evidence, event_type)
        fold.run()
        folded.journal[event_type] = fold.entries
        folded.wrong += fold.wrong
        if event_type == EventType.TICKETED:
            ticketing = fold.state
        elif event_type == EventType.VOID:
            cases = dict(fold.state)
    folded.rows = _ticketing_rows(ticketing) | _void_rows(cases)
    folded.rows["order"] = [_order_row(ticketing)]
    return folded


def found_entry(row: Row) -> Entry:
    """A row of the table as an entry."""
    return Entry(row["event_id"], canonical(row["change"]), row["told"])


def canonical(value: Any) -> str:
    """JSON that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class _Fold:
    """One order's events of one type. The hub's own events have no arrival: the journal says when they came."""

    def __init__(self, evidence: OrderEvidence, event_type: str) -> None:
        self.entries: list[Entry] = []
        self.wrong: list[str] = []
        self._evidence = evidence
        self._processor = _PROCESSORS[event_type]
        self._events = {row["event_id"]: row for row in evidence.of("events") if row["type"] == event_type}
        self._contents: Mapping[UUID, AnyEvent] = {
            event_id: EVENT_CONTENT.validate_python(row["content"]) for event_id, row in self._events.items()
        }
        self._hub = self._hub_changes()
        self.state: Any = self._processor.empty()

    def run(self) -> None:
        arrivals = [row for row in self._evidence.of("arrivals") if row["event_id"] in self._events]
        for row in sorted(arrivals, key=lambda row: (row["partition"], row["offset"])):
            self._take(row)
        while self._hub:
            self._take_hub()

    def _hub_changes(self) -> list[tuple[int, UUID]]:
        """The hub's events of this type, each with the number of other changes before it."""
        found, others = [], 0
        for row in self._evidence.of("journal"):
            event = self._events.get(row["event_id"])
            if event is not None and event["origin"] == "hub":
                found.append((others, row["event_id"]))
            elif event is not None:
                others += 1
        return found

    def _take(self, row: Row) -> None:
        arrival = self._arrival(row)
        decision = self._processor.decide(self.state, arrival)
        while self._hub_was_first(decision, row):
            self._take_hub()
            decision = self._processor.decide(self.state, arrival)
        if decision.verdict.value != row["verdict"]:
            self.wrong.append(
                f"{self._evidence}: arrival {row['arrival_id']} was judged {row['verdict']!r}, the fold says"
                f" {decision.verdict.value!r}"
            )
        self.state = decision.state
        if decision.change is not None:
            told = decision.told_event or row["event_id"]
            change = canonical(decision.change.for_journal())
            self.entries.append(Entry(told, change, decision.change.told, retells=told != row["event_id"]))

    def _hub_was_first(self, decision: Decision[Any], row: Row) -> bool:
        """Among changes the journal tells; where this arrival changes nothing, its verdict does."""
        if not self._hub:
            return False
        before = sum(self._events[entry.event_id]["origin"] != "hub" for entry in self.entries)
        due = self._hub[0][0] <= before
        return due and (decision.change is not None or decision.verdict.value != row["verdict"])

    def _take_hub(self) -> None:
        _, event_id = self._hub.pop(0)
        row = self._events[event_id]
        content: Any = self._contents[event_id]
        before = self.state.get(content.void_code) or VoidCase(content.void_code)
        said = VoidStatus(event_id, content.void_status, content.message, row["arrived_at"])
        after = before.with_status(said)
        self.state = {**self.state, content.void_code: after}
        change = canonical({"before": before.summary(), "after": after.summary()})
        self.entries.append(Entry(event_id, change, told=True))

    def _arrival(self, row: Row) -> Arrival:
        event = self._events[row["event_id"]]
        order = self._evidence.order
        return Arrival(
            arrival_id=row["arrival_id"],
            event_id=row["event_id"],
            order_id=row["order_id"],
            source="" if order is None else order["source"],
            order_no="" if order is None else order["order_no"],
            dialect=event["dialect"],
            content=self._contents[row["event_id"]],
            arrived_at=row["arrived_at"],
            raw=event["raw"] or b"",
            at=Coordinates(row["topic"], row["partition"], row["offset"]),
        )


def _order_row(ticketing: Ticketing) -> Hashable:
    present = ticketing.present
    event, at = (None, None) if present is None else (present.event_id, present.arrived_at)
    return event, at, "" if present is None else present.content.customer, ticketing.attention


def _ticketing_rows(ticketing: Ticketing) -> dict[str, list[Hashable]]:
    passengers = () if ticketing.present is None else ticketing.present.content.passengers
    return {
        "passengers": [
            (place, p.name, p.kind, p.birthday, p.gender, p.document_number, p.document_type, p.document_issued_by,
             p.document_expires, p.nationality, canonical(p.extra))
            for place, p in enumerate(passengers)
        ],
        "tickets": [(place, at, no) for place, p in enumerate(passengers) for at, no in enumerate(p.ticket_numbers)],
        "pnrs": [(place, at, said) for place, p in enumerate(passengers) for at, said in enumerate(p.pnrs)],
        "ancillaries": [
            (place, at, canonical(said)) for place, p in enumerate(passengers) for at, said in enumerate(p.ancillaries)
        ],
    }  # fmt: skip


def _void_rows(cases: Mapping[str, VoidCase]) -> dict[str, list[Hashable]]:
    presents = [(code, case, case.present) for code, case in cases.items()]
    return {
        "void_cases": [
            (code, p.status, p.message, p.event_id, p.arrived_at, case.contradicted)
            for code, case, p in presents
            if p is not None
        ],
        "void_statuses": [
            (code, s.event_id, s.status, s.message, s.arrived_at)
            for code, case, _ in presents
            for s in case.statuses.values()
        ],
    }


def found_rows(evidence: OrderEvidence) -> dict[str, list[Hashable]]:
    """The rows that are there, in the form of `Refold.rows`."""
    order = evidence.order
    shown = {
        "passengers": ("passenger", "name", "kind", "birthday", "gender", "document_number", "document_type",
                       "document_issued_by", "document_expires", "nationality", "extra"),
        "tickets": ("passenger", "position", "ticket_number"),
        "pnrs": ("passenger", "position", "locator"),
        "ancillaries": ("passenger", "position", "content"),
        "void_cases": ("void_code", "status", "message", "status_event", "status_at", "contradicted"),
        "void_statuses": ("void_code", "event_id", "status", "message", "arrived_at"),
    }  # fmt: skip
    rows: dict[str, list[Hashable]] = {
        table: [tuple(_plain(name, row[name]) for name in names) for row in evidence.of(table)]
        for table, names in shown.items()
    }
    rows["order"] = (
        []
        if order is None
        else [(order["ticketed_event"], order["ticketed_at"], order["customer"], tuple(order["attention"]))]
    )
    return rows


def _plain(name: str, value: Any) -> Hashable:
    plain: Hashable = canonical(value) if name in {"extra", "content"} else value
    return plain
