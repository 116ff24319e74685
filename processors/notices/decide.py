"""Decide what a rejection, change or refund does to an order: a new one is a fact more. Pure."""

from processors.contract import Decision, Unapplicable
from schemas.arrival import Arrival
from schemas.notices import Notice, Notices
from schemas.outcomes import Change, Verdict


def decide(notices: Notices, arrival: Arrival, *, event_type: str) -> Decision[Notices]:
    """Fold one arrival in."""
    if arrival.content.type != event_type:
        raise Unapplicable("wrong-type", f"a {arrival.content.type} event lies on the topic of {event_type}")
    after = notices.with_notice(Notice(arrival.event_id, arrival.arrived_at, arrival.content))
    if arrival.event_id in notices.notices:
        return Decision(after, Verdict.REPEAT)
    return Decision(after, Verdict.APPLIED, Change(notices.summary(), after.summary()), arrival.event_id)
