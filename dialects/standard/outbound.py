"""The `standard` party, as it is told."""

from collections.abc import Mapping
from typing import Any

from dialects.contract import Answer, Call, CallbackToWrite, Refused, Understood, Verdict
from dialects.standard.signature import check_secrets, secrets_of
from dialects.standard.write import write
from schemas.topics import EventType


class Standard:
    """Every event has a wire form, and every 2xx is a yes (Standard Webhooks, "Deliverability")."""

    name = "standard"
    event_types: frozenset[str] = frozenset(str(event_type) for event_type in EventType)

    takes_context = False
    only_named = False
    private_fields: frozenset[str] = frozenset()

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        return ["this dialect takes no context: its events carry all they need"] if context else []

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        wrong = check_secrets(credentials)
        if not wrong and not secrets_of(credentials):
            return ["credentials.secrets must hold one or two secrets: messages are always signed"]
        return wrong

    def write(self, callback: CallbackToWrite) -> Call:
        return write(callback)

    def judge(self, answer: Answer) -> Verdict:
        return Understood() if 200 <= answer.status < 300 else Refused(f"http-{answer.status}")
