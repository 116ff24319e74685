"""Every id of a run: what was sent, accepted, applied and delivered, and what of it is missing or there twice."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench.events import order_no

_ACCEPTED = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a run's events, by number. Times are ns of the monotonic clock."""

    prefix: str
    due: "array[int]"
    answered: "array[int]"
    statuses: "array[int]"
    begun: int

    @classmethod
    def read(cls, prefix: str, file: Path, *, count: int, begun: int) -> "Sent":
        """From the generator's file."""
        due, answered, statuses = array("q"), array("q"), array("h")
        with file.open("rb") as content:
            for column in (due, answered, statuses):
                column.fromfile(content, count)
        return cls(prefix, due, answered, statuses, begun)

    @property
    def accepted(self) -> int:
        return self.statuses.count(_ACCEPTED)

    @property
    def accepted_per_s(self) -> float:
        """From the beginning to the last answer."""
        return self.accepted / (max(self.answered) - self.begun) * 1e9

    def waits(self) -> list[int]:
        """From the moment each accepted event was due to its answer, in ns."""
        rows = zip(self.due, self.answered, self.statuses, strict=True)
        return [answered - due for due, answered, status in rows if status == _ACCEPTED]

    def orders(self) -> dict[str, int]:
        """When the event of each accepted order was due."""
        rows = enumerate(zip(self.due, self.statuses, strict=True))
        return {order_no(self.prefix, number): due for number, (due, status) in rows if status == _ACCEPTED}


@dataclass(slots=True)
class Ledger:
    """All runs of a benchmark. `received`: when each order's callback came first."""

    sent: int = 0
    accepted: set[str] = field(default_factory=set)
    received: dict[str, int] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)

    def note_sent(self, sent: Sent) -> None:
        self.sent += len(sent.due)
        self.accepted.update(sent.orders())

    def note_received(self, file: Path) -> None:
        """From the receiver's file."""
        for line in file.read_text().splitlines():
            order, message, at = line.split(" ")
            self.messages[message] += 1
            self.received.setdefault(order, int(at))

    def delays(self, sent: Sent) -> list[int]:
        """From the moment each event was due to the receipt of its callback, in ns."""
        return [self.received[order] - due for order, due in sent.orders().items() if order in self.received]

    async def ids(self, database: asyncpg.Connection) -> dict[str, int]:
        """The account. `lost`: accepted, and not applied or not delivered; `doubled`: applied or received twice."""
        applied = {
            row[0] for row in await database.fetch("SELECT order_no FROM orders WHERE ticketed_event IS NOT NULL")
        }
        extra = await database.fetchval(
            "SELECT (SELECT count(*) - count(DISTINCT order_id) FROM journal)"
            " + (SELECT count(*) - count(DISTINCT order_id) FROM callbacks)"
            " + (SELECT count(*) - count(DISTINCT event_id) FROM arrivals)"
        )
        delivered = self.received.keys()
        again = self.messages.total() - len(delivered)
        return {
            "sent": self.sent,
            "accepted": len(self.accepted),
            "applied": len(self.accepted & applied),
            "delivered": len(self.accepted & delivered),
            "lost": len(self.accepted - applied) + len((self.accepted & applied) - delivered),
            "doubled": int(extra) + again,
        }
