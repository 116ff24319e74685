"""The oracle's part for what is told: callbacks owed, their attempts, and what the sink received of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.identity import callback_id
from schemas.topics import EventType
from schemas.void_case import REJECTED, exhausted_message
from tests.proof import order_checker
from tests.proof.evidence import OrderEvidence, Row
from tests.proof.judgement import Judgement
from tests.proof.order_checker import Call, Place, Turn
from tests.proof.refold import Refold, canonical
from tests.proof.sink import Delivery, digest_of

_FINAL = frozenset({"delivered", "given_up"})


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint."""

    endpoint_id: UUID
    name: str
    event_types: frozenset[str]
    on_give_up: str


class CallbacksCheck:
    """Fed with one order after the other; `finish` looks at what concerns all of them."""

    def __init__(
        self,
        targets: Sequence[Target],
        deliveries: Sequence[Delivery],
        judgement: Judgement,
        may_give_up: Mapping[str, int],
    ) -> None:
        self._targets = {target.endpoint_id: target for target in targets}
        self._judgement = judgement
        self._may_give_up = may_give_up
        self._deliveries: dict[UUID, list[Delivery]] = {}
        for delivery in deliveries:
            self._deliveries.setdefault(delivery.webhook_id, []).append(delivery)
        self._calls: list[Call] = []
        self._owed: dict[Turn, list[int]] = {}
        self._given_up: list[Place] = []
        judgement.counts["deliveries"] = len(deliveries)

    def expect(self, evidence: OrderEvidence, folded: Refold) -> None:
        """One callback for each told change and each endpoint that wants it, and no other."""
        retelling = {(e.event_id, e.change) for entries in folded.journal.values() for e in entries if e.retells}
        types = {row["event_id"]: row["type"] for row in evidence.of("events")}
        expected = []
        for row in evidence.of("journal"):
            event, version = row["event_id"], row["version"]
            again = version if (event, canonical(row["change"])) in retelling else None
            for target in self._targets.values() if row["told"] else ():
                if types.get(event) in target.event_types:
                    known_as = callback_id(event, target.endpoint_id, retelling=again)
                    expected.append((target.name, version, known_as, event))
        found = [
            (self._targets[row["endpoint_id"]].name, row["sequence"], row["callback_id"], row["event_id"])
            for row in self._known(evidence)
        ]
        self._judgement.compare(f"{evidence}: callbacks", expected=expected, found=found)
        self._exhausted_voids(evidence)

    def _known(self, evidence: OrderEvidence) -> list[Row]:
        return [row for row in evidence.of("callbacks") if row["endpoint_id"] in self._targets]

    def order(self, evidence: OrderEvidence) -> None:
        """How each callback of this order came out, by its row, its attempts and the sink."""
        strange = len(evidence.of("callbacks")) - len(self._known(evidence))
        if strange:
            self._judgement.unknown_effects.append(f"{evidence}: {strange} callbacks to endpoints that do not exist")
        contents = {row["event_id"]: row["content"] for row in evidence.of("events")}
        number = None if evidence.order is None else evidence.order["order_no"]
        for row in self._known(evidence):
            target = self._targets[row["endpoint_id"]]
            received = self._deliveries.pop(row["callback_id"], [])
            what = f"{evidence}: callback {row['callback_id']} to {target.name}"
            said = digest_of(contents[row["event_id"]]) if row["event_id"] in contents else b""
            for delivery in received:
                if (delivery.endpoint, delivery.order_no, delivery.said) != (target.name, number, said):
                    self._judgement.wrong_effects.append(f"{what}: the sink received something else under its id")
                self._calls.append(
                    Call(
                        delivery.at,
                        delivery.accepted_at,
                        target.name,
                        row["order_id"],
                        row["sequence"],
                        row["callback_id"],
                    )
                )
            self._owed.setdefault((target.name, row["order_id"]), []).append(row["sequence"])
            self._outcome(what, row, target, received)
            self._attempts(what, row, evidence.attempts.get(row["callback_id"], []), received)

    def finish(self) -> None:
        """What came under no callback's id, and what came out of order."""
        for webhook_id, received in self._deliveries.items():
            self._judgement.unknown_effects.append(
                f"{received[0].endpoint} received {len(received)} times {webhook_id}, of order"
                f" {received[0].order_no}: no callback has this id"
            )
        self._judgement.sequence_violations += order_checker.violations(
            self._calls, owed=self._owed, given_up=self._given_up
        )

    def _outcome(self, what: str, row: Row, target: Target, received: Sequence[Delivery]) -> None:
        accepted = sum(delivery.accepted_at is not None for delivery in received)
        state = row["state"]
        if state not in _FINAL:
            self._judgement.unfinished.append(f"{what} is {state} ({row['outcome'] or 'no outcome'})")
        elif state == "delivered" and not accepted:
            self._judgement.undelivered.append(f"{what} is on record as delivered; the sink has not accepted it")
        elif state == "given_up":
            self._given_up.append((target.name, row["order_id"], row["sequence"]))
            retries = self._may_give_up.get(target.name)
            if retries is None or row["attempts"] != retries + 1:
                self._judgement.undelivered.append(f"{what} was given up after {row['attempts']} attempts")
        self._judgement.counts[f"callbacks {state}"] += 1
        self._judgement.counts["deliveries repeated after a yes"] += max(0, accepted - 1)

    def _attempts(self, what: str, row: Row, made: Sequence[Row], received: Sequence[Delivery]) -> None:
        """Each attempt is on record once, and nothing was sent without one."""
        numbers = [attempt["number"] for attempt in made]
        if row["state"] in _FINAL and numbers != list(range(1, row["attempt_number"] + 1)):
            self._judgement.lost.append(f"{what}: {row['attempt_number']} attempts, on record are {numbers}")
        outcomes = Counter(attempt["outcome"] for attempt in made)
        self._judgement.counts["attempts"] += len(made)
        self._judgement.counts["attempts whose sender was lost"] += outcomes["may_have_been_sent"]
        if len(received) > row["attempt_number"]:
            self._judgement.doubled_effects.append(
                f"{what}: {row['attempt_number']} attempts, but the sink received {len(received)}"
            )
        if again_after_yes(made):
            self._judgement.doubled_effects.append(f"{what}: sent again after a yes that was on record")

    def _exhausted_voids(self, evidence: OrderEvidence) -> None:
        """DESIGN §2 rule 7: given up by who carries it out, a void case is Rejected by the hub; once, and only then."""
        events = {row["event_id"]: row for row in evidence.of("events")}
        exhausted: dict[str, set[str]] = {}
        for row in self._known(evidence):
            event = events.get(row["event_id"])
            rejects = self._targets[row["endpoint_id"]].on_give_up == "reject_void"
            if row["state"] == "given_up" and rejects and event is not None and event["type"] == EventType.VOID:
                texts = exhausted.setdefault(event["content"]["void_code"], set())
                texts.add(exhausted_message(row["attempts"] - 1))
        rejected: Counter[str] = Counter()
        for event in events.values():
            if event["origin"] == "hub":
                content = event["content"]
                rejected[content["void_code"]] += 1
                if content["message"] not in exhausted.get(content["void_code"], ()):
                    self._judgement.unknown_effects.append(f"{evidence}: the hub rejected a void that was not given up")
        statuses = {row["void_code"]: row["status"] for row in evidence.of("void_cases")}
        for code in exhausted:
            if statuses.get(code) != REJECTED:
                self._judgement.lost.append(f"{evidence}: void case {code} was given up and is not Rejected")
            if rejected[code] > 1:
                self._judgement.doubled_effects.append(f"{evidence}: void case {code} was rejected twice by the hub")


def again_after_yes(made: Sequence[Row]) -> bool:
    """Whether an attempt began when a yes was on record.

    Two that were delivered are not enough: a publisher that was frozen after its call says so when it wakes, long after
    its lease was taken back and another has sent again. Where Postgres does not tell when, they are. One that was
    broken off before anything was sent is none: a frozen publisher that wakes with a claim in its hands says so then.
    """
    yes = [attempt for attempt in made if attempt["outcome"] == "delivered"]
    if any(attempt["recorded_at"] is None for attempt in yes):
        return len(yes) > 1
    return any(
        later["started_at"] > first["recorded_at"]
        for first in yes[:1]
        for later in made
        if later is not first and not _unsent(later)
    )


def _unsent(attempt: Row) -> bool:
    return bool(attempt["outcome"] == "interrupted" and attempt["stage"] == "before")
