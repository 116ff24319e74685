"""Decide what a void status does to its case. Pure."""

from processors.contract import Decision, Unapplicable
from schemas.arrival import Arrival
from schemas.events import OrderVoid
from schemas.outcomes import Change, Verdict
from schemas.void_case import VoidCase, VoidStatus
from store.void_cases import VoidCases


def decide(cases: VoidCases, arrival: Arrival) -> Decision[VoidCases]:
    """Fold one status in: statuses merge by rank, a contradiction is told, and history alone is not."""
    content = arrival.content
    if not isinstance(content, OrderVoid):
        raise Unapplicable("wrong-type", f"a {content.type} event lies on the topic of order.void")
    before = cases.get(content.void_code) or VoidCase(content.void_code)
    status = VoidStatus(arrival.event_id, content.void_status, content.message, arrival.arrived_at)
    after = before.with_status(status)
    state = cases if after is before else {**cases, content.void_code: after}
    was, now = before.summary(), after.summary()
    present = after.present
    is_new = arrival.event_id not in before.statuses
    if was != now:
        told_event = arrival.event_id if is_new or present is None else present.event_id
        return Decision(state, Verdict.APPLIED, Change(was, now), told_event)
    if is_new:
        return Decision(state, Verdict.KEPT)
    agrees = present is not None and present.status == content.void_status
    return Decision(state, Verdict.REPEAT if agrees else Verdict.CONTRADICTS_PRESENT)
