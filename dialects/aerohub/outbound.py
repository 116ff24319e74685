"""AeroHub, as it is told: every supplier's duty after ticketing, or when it will not ticket."""

from collections.abc import Mapping
from typing import Any

from dialects.aerohub.context import complaints
from dialects.aerohub.credentials import check_credentials
from dialects.aerohub.judge import judge
from dialects.aerohub.write import write
from dialects.contract import Answer, Call, CallbackToWrite, MissingContext, NotDeliverable, Verdict
from schemas.topics import EventType


class AeroHubOutbound:
    """Ticketed and rejected are all that the contract knows. It hears only of its own orders: those it placed."""

    name = "aerohub"
    event_types: frozenset[str] = frozenset({str(EventType.TICKETED), str(EventType.REJECTED)})
    takes_context = True
    only_named = True
    private_fields: frozenset[str] = frozenset(
        {"apikey", "cardno", "accountname", "accountpass", "contactname", "contactemail", "contactmobile"}
    )

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        return [f"{field}: {text}" for field, text in complaints(context).items()]

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        return check_credentials(credentials)

    def write(self, callback: CallbackToWrite) -> Call | NotDeliverable | MissingContext:
        return write(callback)

    def judge(self, answer: Answer) -> Verdict:
        return judge(answer)
