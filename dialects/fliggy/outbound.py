"""Fliggy, as it is told."""

from dialects.fliggy.judge import judge
from dialects.fliggy.settings import check_context, check_credentials
from dialects.fliggy.write import write
from schemas.topics import EventType


class FliggyOutbound:
    """`order.ticketed` and `order.rejected`, of orders whose context names this party: it needs ids that no event has.

    Voids, changes and refunds have no wire form: the first successful call freezes the order (digest, "Semantics").
    """

    name = "fliggy"
    event_types: frozenset[str] = frozenset({str(EventType.TICKETED), str(EventType.REJECTED)})
    takes_context = True
    only_named = True
    private_fields: frozenset[str] = frozenset(
        {"passenger_cert_no", "ticket_pwd", "fetch_tickets_pwd", "session", "sign", "app_key"}
    )
    check_context = staticmethod(check_context)
    check_credentials = staticmethod(check_credentials)
    write = staticmethod(write)
    judge = staticmethod(judge)
