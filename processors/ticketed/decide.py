"""Decide what a ticketed event does to an order. Pure."""

from processors.contract import Decision, Unapplicable
from schemas.arrival import Arrival
from schemas.events import OrderTicketed
from schemas.outcomes import Change, Verdict
from schemas.ticketing import TicketedVersion, Ticketing


def decide(ticketing: Ticketing, arrival: Arrival) -> Decision[Ticketing]:
    """Fold one arrival in: the event that arrived later is the present one, and only a change of it is told."""
    content = arrival.content
    if not isinstance(content, OrderTicketed):
        raise Unapplicable("wrong-type", f"a {content.type} event lies on the topic of order.ticketed")
    known = arrival.event_id in ticketing.versions
    after = ticketing.with_version(TicketedVersion(arrival.event_id, arrival.arrived_at, content))
    change = _change(ticketing, after)
    if change is not None:
        told = after.present if change.told else None
        told_event = arrival.event_id if told is None else told.event_id
        return Decision(after, Verdict.APPLIED, change, told_event)
    if not known:
        return Decision(after, Verdict.KEPT)
    present = after.present
    is_present = present is not None and present.event_id == arrival.event_id
    return Decision(after, Verdict.REPEAT if is_present else Verdict.CONTRADICTS_PRESENT)


def _change(before: Ticketing, after: Ticketing) -> Change | None:
    was, now = before.summary(), after.summary()
    if was == now:
        return None
    return Change(was, now, told=was["ticketed_event"] != now["ticketed_event"])
