"""The data centre, as it is told: every company's duty after ticketing."""

from collections.abc import Mapping
from typing import Any

from dialects.contract import Answer, Call, CallbackToWrite, MissingContext, NotDeliverable, Verdict
from dialects.datacentre.context import complaints
from dialects.datacentre.credentials import check_credentials
from dialects.datacentre.judge import judge
from dialects.datacentre.write import write
from schemas.topics import EventType


class DataCentreOutbound:
    """It hears of every order, in time: a callback waits until accounting has supplied the order's context."""

    name = "datacentre"
    event_types: frozenset[str] = frozenset(
        {str(EventType.TICKETED), str(EventType.VOID), str(EventType.CHANGED), str(EventType.REFUNDED)}
    )
    takes_context = True
    only_named = False
    private_fields: frozenset[str] = frozenset({"token", "certificate_number", "period_of_validity"})

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        return [f"{field}: {text}" for field, text in complaints(context).items()]

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        return check_credentials(credentials)

    def write(self, callback: CallbackToWrite) -> Call | NotDeliverable | MissingContext:
        return write(callback)

    def judge(self, answer: Answer) -> Verdict:
        return judge(answer)
