"""An order's whole state as the fold of its events, whichever processor took them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from schemas.events import AnyEvent, OrderTicketed, OrderVoid
from schemas.notices import Notice, Notices
from schemas.ticketing import TicketedVersion, Ticketing
from schemas.void_case import VoidCase, VoidStatus


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """An event that counts for its order's state."""

    event_id: UUID
    arrived_at: datetime
    content: AnyEvent


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the events of one order come to. `notices` by event type."""

    events: Mapping[UUID, CountedEvent] = field(default_factory=dict)
    ticketing: Ticketing = field(default_factory=Ticketing)
    voids: Mapping[str, VoidCase] = field(default_factory=dict)
    notices: Mapping[str, Notices] = field(default_factory=dict)

    def content(self, event: UUID | None) -> AnyEvent | None:
        """What this event says here; None when it does not count."""
        counted = self.events.get(event) if event is not None else None
        return None if counted is None else counted.content


def fold(events: Iterable[CountedEvent]) -> OrderState:
    """All events of one order, in any order."""
    state = OrderState()
    for event in events:
        state = _with_event(state, event)
    return state


def _with_event(state: OrderState, event: CountedEvent) -> OrderState:
    content, events = event.content, {**state.events, event.event_id: event}
    match content:
        case OrderTicketed():
            version = TicketedVersion(event.event_id, event.arrived_at, content)
            return replace(state, events=events, ticketing=state.ticketing.with_version(version))
        case OrderVoid():
            case_ = state.voids.get(content.void_code) or VoidCase(content.void_code)
            status = VoidStatus(event.event_id, content.void_status, content.message, event.arrived_at)
            return replace(state, events=events, voids={**state.voids, content.void_code: case_.with_status(status)})
        case _:
            known = state.notices.get(content.type) or Notices()
            notice = Notice(event.event_id, event.arrived_at, content)
            return replace(state, events=events, notices={**state.notices, content.type: known.with_notice(notice)})
