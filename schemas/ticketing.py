"""The tickets of an order: the fold of all its ticketed events, in any order and with any repetition.

The event that arrived later at ingest is the present one (DESIGN §2 rule 2), unless its contract is one whose first
success is final. An event's arrival is the earliest of
its repeats, so a repeat cannot make an old event young, and the fold does not depend on which repeat is seen first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from pydantic import JsonValue

from schemas.events import TICKETED_STATUS, OrderTicketed


class TicketedVersion(NamedTuple):
    """One ticketed event of the order."""

    event_id: UUID
    arrived_at: datetime
    content: OrderTicketed

    @property
    def age_key(self) -> tuple[datetime, bytes]:
        """Later is larger; the identity breaks a tie, the same way everywhere."""
        return self.arrived_at, self.event_id.bytes


@dataclass(frozen=True)
class Ticketing:
    """All versions that were said, by event. Immutable: `with_version` returns the next one."""

    versions: Mapping[UUID, TicketedVersion] = field(default_factory=dict)

    def with_version(self, version: TicketedVersion) -> "Ticketing":
        known = self.versions.get(version.event_id)
        if known is not None:
            if known.arrived_at <= version.arrived_at:
                return self
            version = known._replace(arrived_at=version.arrived_at)
        return Ticketing({**self.versions, version.event_id: version})

    @cached_property
    def present(self) -> TicketedVersion | None:
        """The version that holds: the first final one, else the latest.

        An event with another `orderStatus` than ticketed never does (atlas-order-ticketed.md, inconsistency 3).
        """
        ticketed = [v for v in self.versions.values() if v.content.order_status == TICKETED_STATUS]
        if final := [v for v in ticketed if v.content.final]:
            return min(final, key=lambda version: version.age_key)
        return max(ticketed, key=lambda version: version.age_key, default=None)

    @cached_property
    def attention(self) -> tuple[str, ...]:
        """What a person should look at: statuses that a ticketed event should not have."""
        odd = {v.content.order_status for v in self.versions.values()} - {TICKETED_STATUS}
        return tuple(f"ticketed-event-with-status:{status}" for status in sorted(odd))

    def summary(self) -> dict[str, JsonValue]:
        """The state for the journal; no document data (DESIGN §2 rule 10)."""
        present = self.present
        return {
            "ticketed_event": None if present is None else str(present.event_id),
            "passengers": []
            if present is None
            else [
                {"name": p.name, "kind": p.kind, "ticket_numbers": list(p.ticket_numbers), "pnrs": list(p.pnrs)}
                for p in present.content.passengers
            ],
            "attention": list(self.attention),
        }


NOT_TICKETED = Ticketing()
"""Of an order that no ticketed event has told of. One for all: what is worked out of it is kept with it."""
