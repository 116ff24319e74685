"""The Atlas party, as it is told: our own customers who ask for the documents' format."""

from collections.abc import Mapping
from typing import Any

from dialects.atlas.judge import judge
from dialects.atlas.write import write
from dialects.contract import Answer, Call, CallbackToWrite, NotDeliverable, Verdict
from dialects.standard.signature import check_secrets
from schemas.topics import EventType


class AtlasOutbound:
    """`order.ticketed` and `order.void`. Secrets are optional: the documents know no signature, ours are in headers."""

    name = "atlas"
    event_types: frozenset[str] = frozenset({str(EventType.TICKETED), str(EventType.VOID)})

    takes_context = False
    only_named = False
    private_fields: frozenset[str] = frozenset({"cardnum", "cardexpired"})

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        return ["this dialect takes no context: its events carry all they need"] if context else []

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        wrong = check_secrets(credentials)
        if not isinstance(credentials.get("cid", ""), str):
            wrong.append("credentials.cid must be a text: your identifier of this customer")
        return wrong

    def write(self, callback: CallbackToWrite) -> Call | NotDeliverable:
        return write(callback)

    def judge(self, answer: Answer) -> Verdict:
        return judge(answer)
