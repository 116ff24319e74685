"""A receiver of Standard Webhooks messages, by the specification 1.0 and with its reference library's signature."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from standardwebhooks import Webhook

from dialects.contract import Heard, InboundRequest, Reply
from dialects.field_table import NotTheFormat, Row, faults, same_words, strict_object

_WINDOW_SECONDS = 300
_MESSAGE: Mapping[str, Row] = {
    "type": Row(form=r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*"),
    "timestamp": Row(form=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"),
    "data": Row("object", rows={"source": Row(), "order_no": Row(), "event": Row("object"), "change": Row("object")}),
}


class StandardPartner:
    """Holds, by `webhook-id`, the content it came with: a repeat of an id is the same message."""

    name = "standard"
    path = "/webhooks"

    def credentials(self, secret: str) -> Mapping[str, Any]:
        return {"secrets": [signing_secret(secret)]}

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        if wrong := unproven(call, credentials.get("secrets", ())):
            return _refused(wrong, status=401)
        try:
            message = strict_object(call.body)
        except NotTheFormat as error:
            return _refused(str(error))
        data = message.get("data")
        order = str(data.get("order_no", ""))[:80] if isinstance(data, dict) else ""
        if found := list(faults(message, _MESSAGE, "")):
            return _refused("; ".join(found), order=order)
        content, number = same_words(message), call.headers["webhook-id"]
        if held.get(number, content) != content:
            return _refused("webhook-id was used for another message", order=order)
        verdict = "accepted again: the same message" if number in held else "accepted"
        return Heard(accepted=True, verdict=verdict, reply=Reply(204, b""), order=order, remember={number: content})

    def refuse(self, call: InboundRequest) -> Reply:
        """The specification knows no refusal but the HTTP status."""
        del call
        return Reply(422, b"")


def signing_secret(secret: str) -> str:
    """A secret of the specification's form, made of a text; one that has it stays."""
    return secret if secret.startswith("whsec_") else "whsec_" + b64encode(sha256(secret.encode()).digest()).decode()


def unproven(call: InboundRequest, secrets: Sequence[str]) -> str:
    """What is wrong with method, content type or signature; the latter is asked for when there are secrets."""
    if call.method != "POST":
        return f"the method is {call.method}, not POST"
    if call.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return "the content type is not application/json"
    return _wrong_signature(call, secrets) if secrets else ""


def _wrong_signature(call: InboundRequest, secrets: Sequence[str]) -> str:
    number, moment = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
    if not number or "." in number:
        return "webhook-id is missing or holds a dot"
    if re.fullmatch(r"[0-9]{1,11}", moment) is None:
        return "webhook-timestamp is no Unix time"
    if abs(call.received_at.timestamp() - int(moment)) > _WINDOW_SECONDS:
        return "webhook-timestamp is more than 5 minutes off"
    try:
        body = call.body.decode()
    except UnicodeDecodeError:
        return "the body is not UTF-8"
    sent = datetime.fromtimestamp(int(moment), UTC)
    right = {Webhook(secret).sign(number, sent, body) for secret in secrets}
    given = set(call.headers.get("webhook-signature", "").split(" "))
    return "" if right & given else "webhook-signature holds no signature of a live secret"


def _refused(text: str, *, status: int = 400, order: str = "") -> Heard:
    body = json.dumps({"error": text}).encode()
    return Heard(accepted=False, verdict=f"refused: {text}", reply=Reply(status, body), order=order)
