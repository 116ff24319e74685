"""The made-up order of a test callback: plainly a test to whoever reads it, and complete in every dialect."""

import secrets
from collections.abc import Collection

from runtime.errors import InvalidRequest
from schemas.events import TICKETED_STATUS, EventContent, OrderTicketed, OrderVoid, Passenger
from schemas.topics import EventType

_CUSTOMER = "ticketwire-test"


def trial_type(wanted: str | None, told: Collection[str]) -> str:
    """The event type to test with: the wanted one, else the first that `told` holds; raises InvalidRequest."""
    possible = [event_type for event_type in (EventType.TICKETED, EventType.VOID) if event_type in told]
    if wanted in possible or (wanted is None and possible):
        return wanted or possible[0]
    known = ", ".join(possible) or "none: a test needs order.ticketed or order.void among its event_types"
    raise InvalidRequest(
        f"event_type: there is no test of {wanted or 'any event'} for this endpoint", hint=f"there is one of: {known}"
    )


def trial_content(event_type: str) -> EventContent:
    """A new event of a type that `trial_type` gave."""
    order_no = f"TEST-{secrets.token_hex(8).upper()}"
    if event_type == EventType.VOID:
        return OrderVoid(order_no=order_no, customer=_CUSTOMER, void_code="TEST-VOID", void_status=1, message="TEST")
    return _ticketed(order_no)


def _ticketed(order_no: str) -> OrderTicketed:
    passenger = Passenger(
        name="TEST/PASSENGER",
        kind="adult",
        birthday="19700101",
        gender="F",
        document_number="TEST00000",
        document_type="PP",
        document_issued_by="CN",
        document_expires="20991231",
        nationality="CN",
        ticket_numbers=("000-0000000000",),
        pnrs=("TEST01",),
    )
    return OrderTicketed(order_no=order_no, customer=_CUSTOMER, order_status=TICKETED_STATUS, passengers=(passenger,))
