"""The made-up order of a test callback: plainly a test to whoever reads it, and complete in every dialect."""

import secrets

from runtime.errors import InvalidRequest
from schemas.events import TICKETED_STATUS, EventContent, OrderTicketed, OrderVoid, Passenger
from schemas.topics import EventType

_CUSTOMER = "ticketwire-test"


def trial_content(event_type: str) -> EventContent:
    """A new event of this type; raises InvalidRequest where no test exists."""
    order_no = f"TEST-{secrets.token_hex(8).upper()}"
    match event_type:
        case EventType.TICKETED:
            return _ticketed(order_no)
        case EventType.VOID:
            return OrderVoid(
                order_no=order_no, customer=_CUSTOMER, void_code="TEST-VOID", void_status=1, message="TEST"
            )
        case _:
            raise InvalidRequest(
                f"there is no test of {event_type!r}", hint=f"there is one of {EventType.TICKETED} and {EventType.VOID}"
            )


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
