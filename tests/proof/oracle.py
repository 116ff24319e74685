"""The oracle: was everything promised done, exactly once, and nothing else?

It compares three independent records: the supplier's ledger (what was sent, and how it was answered), the database,
and the sink's deliveries (what partners received); and, where given, Kafka's log. The promises are those of DESIGN §2:
what was answered 2xx has its effects exactly once; each told change is owed once to each endpoint that wants it, and
delivered at least once, by one id, in order; what cannot be applied is parked once; nothing else exists.

It judges a database of the proof's own, whose endpoints (dialect `standard`) were there before the first event and
stay as they are, when nothing moves any more (`tests.proof.quiet`). Its cost is linear: about 100,000 events a minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from runtime.settings import PostgresSettings
from schemas.identity import order_id
from store.pool import open_pool
from tests.proof import evidence as database
from tests.proof.callbacks_check import CallbacksCheck, Target
from tests.proof.evidence import OrderEvidence
from tests.proof.judgement import Judgement
from tests.proof.log import LogRecord
from tests.proof.refold import Refold, found_entry, found_rows, refold
from tests.proof.sink import Delivery
from tests.proof.stream import identity
from tests.proof.supplier import Answer, Ledger


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the oracle compares with the database.

    `log` are the records of the raw topics that have a processor, or None: not looked at. `may_give_up` names the
    endpoints whose policy may end, with the number of retries that it allows.
    """

    ledger: Ledger
    deliveries: Sequence[Delivery]
    log: Sequence[LogRecord] | None = None
    may_give_up: Mapping[str, int] = field(default_factory=dict)


async def judge(dsn: str, evidence: Evidence) -> Judgement:
    """Compare it all. Raises only when the database cannot be read."""
    pool = await open_pool(PostgresSettings(dsn=SecretStr(dsn), statement_timeout_seconds=300), name="oracle")
    try:
        return await _Oracle(pool, evidence).judge()
    finally:
        await pool.close()


class _Oracle:
    def __init__(self, pool: asyncpg.Pool, evidence: Evidence) -> None:
        self._pool = pool
        self._evidence = evidence
        self._ledger = evidence.ledger
        self._judgement = Judgement()
        self._arrivals: Counter[UUID] = Counter()
        self._places: dict[tuple[str, int, int], str] = {}

    async def judge(self) -> Judgement:
        found, ledger = self._judgement, self._ledger
        for answer in Answer:
            found.counts[f"sent and {answer.value}"] = ledger.total(answer)
        targets = await self._targets()
        callbacks = CallbacksCheck(targets, self._evidence.deliveries, found, self._evidence.may_give_up)
        async for order in database.orders(self._pool):
            self._order(order, callbacks)
            callbacks.order(order)
        callbacks.finish()
        self._events()
        await self._parked()
        self._log()
        return found

    async def _targets(self) -> list[Target]:
        rows = await self._pool.fetch(
            "SELECT endpoint_id, name, dialect, event_types, filter, on_give_up FROM endpoints"
        )
        if other := [row["name"] for row in rows if row["dialect"] != "standard" or row["filter"]]:
            raise ValueError(f"the oracle knows unfiltered endpoints of dialect standard only, not {', '.join(other)}")
        return [Target(r["endpoint_id"], r["name"], frozenset(r["event_types"]), r["on_give_up"]) for r in rows]

    def _order(self, evidence: OrderEvidence, callbacks: CallbacksCheck) -> None:
        found = self._judgement
        self._identities(evidence)
        self._inbox(evidence)
        if evidence.order is None or not evidence.of("events"):
            found.unknown_effects.append(f"{evidence}: rows without an order, or an order without events")
            return
        folded = refold(evidence)
        found.wrong_effects += folded.wrong
        rows = found_rows(evidence)
        for table, expected in folded.rows.items():
            found.compare(f"{evidence}: {table}", expected=expected, found=rows[table])
        self._journal(evidence, folded)
        callbacks.expect(evidence, folded)
        found.counts.update(
            {
                "orders": 1,
                "events": len(evidence.of("events")),
                "arrivals": len(evidence.of("arrivals")),
                "changes": len(evidence.of("journal")),
                "callbacks": len(evidence.of("callbacks")),
            }
        )

    def _identities(self, evidence: OrderEvidence) -> None:
        """Each event is one that was sent, and says what its own bytes say."""
        found, order = self._judgement, evidence.order
        if order is not None and order_id(order["source"], order["order_no"]) != evidence.order_id:
            found.wrong_effects.append(f"{evidence}: its id is not that of its source and number")
        for row in evidence.of("events"):
            if row["origin"] == "hub":
                continue
            tally = self._ledger.events.get(row["event_id"])
            if tally is None or not tally.at_most:
                found.unknown_effects.append(f"{evidence}: event {row['event_id']} was never taken from the supplier")
            elif order is not None and row["event_id"] != identity(
                row["raw"], order["order_no"], source=order["source"]
            ):
                found.wrong_effects.append(f"{evidence}: event {row['event_id']} has bytes that say something else")

    def _inbox(self, evidence: OrderEvidence) -> None:
        """Arrivals belong to events, and an event is as old as its first arrival."""
        found, first = self._judgement, dict[UUID, database.Row]()
        for row in evidence.of("arrivals"):
            self._arrivals[row["event_id"]] += 1
            self._take_place(row["topic"], row["partition"], row["offset"], str(row["arrival_id"]))
            if row["event_id"] not in first or row["arrived_at"] < first[row["event_id"]]["arrived_at"]:
                first[row["event_id"]] = row
        events = {row["event_id"]: row for row in evidence.of("events")}
        for event_id in first.keys() - events.keys():
            found.unknown_effects.append(f"{evidence}: arrivals of an event {event_id} that is not there")
        for event_id, row in events.items():
            if event_id in first and row["arrived_at"] != first[event_id]["arrived_at"]:
                found.wrong_effects.append(f"{evidence}: event {event_id} is not as old as its first arrival")
            if event_id not in first and row["origin"] != "hub":
                found.lost.append(f"{evidence}: event {event_id} has no arrival")

    def _take_place(self, topic: str, partition: int, offset: int, arrival: str) -> None:
        place = (topic, partition, offset)
        if place in self._places:
            self._judgement.doubled_effects.append(f"the record at {place} was taken twice")
        self._places[place] = arrival

    def _journal(self, evidence: OrderEvidence, folded: Refold) -> None:
        """One entry for each change, in an order in which the changes can have happened, without a gap."""
        found, order = self._judgement, evidence.order
        types = {row["event_id"]: row["type"] for row in evidence.of("events")}
        by_type: dict[str, list[database.Row]] = {}
        for row in evidence.of("journal"):
            by_type.setdefault(types.get(row["event_id"], "of no event"), []).append(row)
        for event_type in {*by_type, *folded.journal}:
            expected = folded.journal.get(event_type, [])
            entries = [found_entry(row) for row in by_type.get(event_type, [])]
            found.compare(f"{evidence}: journal of {event_type}", expected=expected, found=entries)
            if entries != expected and Counter(entries) == Counter(expected):
                found.sequence_violations.append(f"{evidence}: the journal of {event_type} is out of order")
        versions = [row["version"] for row in evidence.of("journal")]
        changes = sum(map(len, folded.journal.values()))
        if versions != list(range(1, changes + 1)) or (order is not None and order["version"] != changes):
            present = None if order is None else order["version"]
            found.sequence_violations.append(
                f"{evidence}: {changes} changes, but version {present} and journal entries {versions}"
            )

    def _events(self) -> None:
        """Every accepted webhook is an arrival, and every arrival was a webhook."""
        for event, tally in self._ledger.events.items():
            self._bounds(f"event {event}", self._arrivals[event], tally.accepted, tally.at_most)

    def _bounds(self, what: str, count: int, accepted: int, at_most: int) -> None:
        if count < accepted:
            self._judgement.lost.append(f"{what} was accepted {accepted} times and is there {count} times")
        elif count > at_most and at_most:
            self._judgement.doubled_effects.append(f"{what} can be there {at_most} times and is there {count} times")

    async def _parked(self) -> None:
        counts: Counter[bytes] = Counter()
        ids: Counter[str] = Counter()
        for row in await database.parked(self._pool):
            what = f"parked record at {row['topic']}/{row['partition']}/{row['offset']} ({row['reason']})"
            self._take_place(row["topic"], row["partition"], row["offset"], str(row["ce_id"]))
            ids[str(row["ce_id"])] += 1
            counts[row["digest"]] += 1
            if ids[str(row["ce_id"])] > 1:
                self._judgement.doubled_effects.append(f"{what}: its arrival was parked before")
            tally = self._ledger.poison.get(row["digest"])
            if tally is None or not tally.at_most:
                self._judgement.unknown_effects.append(f"{what}: it is no poison that was taken")
        for digest, tally in self._ledger.poison.items():
            self._bounds(f"poison {digest.hex()[:12]}", counts[digest], tally.accepted, tally.at_most)
        self._judgement.counts["parked"] = counts.total()

    def _log(self) -> None:
        """Every record on Kafka is applied or parked; one that lies there twice counts once."""
        log = self._evidence.log
        if log is None:
            return
        self._judgement.counts["records on Kafka"] = len(log)
        taken = set(self._places.values())
        for record in log:
            if self._places.get(record.place, record.ce_id) != record.ce_id:
                self._judgement.wrong_effects.append(f"the record at {record.place} was taken under another's id")
            elif record.place not in self._places and record.ce_id not in taken:
                self._judgement.lost.append(f"the record at {record.place} is neither applied nor parked")
        for place in self._places.keys() - {record.place for record in log}:
            self._judgement.unknown_effects.append(f"taken from {place}, where Kafka has no record")
