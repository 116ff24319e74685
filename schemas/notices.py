"""What was said of an order once and for all: rejections, changes, refunds. Each is a fact of its own; the state is
the set of them, whatever the order and repetition in which they came."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from schemas.events import AnyEvent


@dataclass(frozen=True, slots=True)
class Notice:
    """One such event."""

    event_id: UUID
    arrived_at: datetime
    content: AnyEvent


@dataclass(frozen=True, slots=True)
class Notices:
    """All notices of one type, by event. Immutable: `with_notice` returns the next one."""

    notices: Mapping[UUID, Notice] = field(default_factory=dict)

    def with_notice(self, notice: Notice) -> "Notices":
        known = self.notices.get(notice.event_id)
        if known is not None:
            if known.arrived_at <= notice.arrived_at:
                return self
            notice = replace(known, arrived_at=notice.arrived_at)
        return Notices({**self.notices, notice.event_id: notice})

    def summary(self) -> dict[str, JsonValue]:
        """The state for the journal: which events are known."""
        known: list[JsonValue] = [*sorted(str(event_id) for event_id in self.notices)]
        return {"events": known}
