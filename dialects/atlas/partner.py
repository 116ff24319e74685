"""A customer who takes the documents' own webhooks, as strict as atlas-order-ticketed.md and atlas-order-void.md.

The documents state no answer: any 2xx is yes ("Response contract"). Signatures are asked for when secrets are agreed.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dialects.contract import Heard, InboundRequest, Reply
from dialects.field_table import NotTheFormat, Row, faults, same_words, strict_object
from dialects.standard.partner import signing_secret, unproven

_DAY = Row(form=r"[0-9]{8}", empty_allowed=True)
_COUNTRY = Row(form=r"[A-Z]{2}", empty_allowed=True)
_PASSENGER: Mapping[str, Row] = {
    "name": Row(),
    "passengerType": Row("whole", values=frozenset({0, 1, 2})),
    "birthday": _DAY,
    "gender": Row(values=frozenset("MF"), empty_allowed=True),
    "cardNum": Row(empty_allowed=True),
    "cardType": Row(values=frozenset({"PP", "GA", "TW", "TB", "HY"}), empty_allowed=True),
    "cardIssuePlace": _COUNTRY,
    "cardExpired": _DAY,
    "nationality": _COUNTRY,
    "ticketNos": Row("texts"),
    "airlinePNRs": Row("texts", empty_allowed=True),
    "ancillaries": Row("list", empty_allowed=True),
}
_TICKETED: Mapping[str, Row] = {
    "orderNo": Row(),
    "orderStatus": Row("whole", values=frozenset({0, 1, 2, -3})),
    "paxTicketInfos": Row("objects", rows=_PASSENGER),
}
_VOID: Mapping[str, Row] = {
    "orderNo": Row(),
    "voidCode": Row(),
    "voidStatus": Row("whole", values=frozenset(range(7))),
    "message": Row(required=False),
}
_DATA = {"order.ticketed": _TICKETED, "order.void": _VOID}


class AtlasPartner:
    """Holds the digest's dedupe key of each message: the documents have no id of an event."""

    name = "atlas"
    path = "/webhook"

    def credentials(self, secret: str) -> Mapping[str, Any]:
        return {"cid": "TAC00001", "secrets": [signing_secret(secret)]}

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        if wrong := unproven(call, credentials.get("secrets", ())):
            return _refused(wrong, status=401)
        try:
            message = strict_object(call.body)
        except NotTheFormat as error:
            return _refused(str(error))
        data = message.get("data")
        order = str(data.get("orderNo", ""))[:80] if isinstance(data, dict) else ""
        if found := list(faults(message, _rows(message), "")) or list(_contradictions(message, credentials)):
            return _refused("; ".join(found), order=order)
        key = same_words([message["cid"], message["type"], message["data"]])
        verdict = "accepted again: the same content" if key in held else "accepted"
        remarks = tuple(_remarks(message))
        reply = Reply(200, b"{}")
        return Heard(accepted=True, verdict=verdict, reply=reply, order=order, remarks=remarks, remember={key: order})

    def refuse(self, call: InboundRequest) -> Reply:
        """The documents know no refusal but the HTTP status."""
        del call
        return Reply(422, b"{}")


def _rows(message: Mapping[str, Any]) -> Mapping[str, Row]:
    return {
        "cid": Row(),
        "data": Row("object", rows=_DATA.get(str(message.get("type")), {})),
        "status": Row("whole", values=frozenset({-1})),
        "type": Row(values=frozenset(_DATA)),
    }


def _contradictions(message: Mapping[str, Any], credentials: Mapping[str, Any]) -> Iterator[str]:
    if credentials.get("cid", message["cid"]) != message["cid"]:
        yield "cid is not this customer's"
    for one in message["data"].get("paxTicketInfos", ()):
        for name in ("birthday", "cardExpired"):
            if one[name] and not _is_day(one[name]):
                yield f"{name} is no day of the calendar"


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
    return True


def _remarks(message: Mapping[str, Any]) -> Iterator[str]:
    """What a strict writer emits: inconsistency 3 of the one document, 3 and 4 of the other, right column."""
    data = message["data"]
    if data.get("orderStatus", 2) != 2:
        yield "orderStatus of order.ticketed is not 2"
    if message["type"] == "order.void":
        text = data.get("message", "")
        if data["voidStatus"] == 4 and not text:
            yield "message gives no reason"
        if " X " in text:
            yield "message holds the document's placeholder"


def _refused(text: str, *, status: int = 400, order: str = "") -> Heard:
    body = json.dumps({"error": text}).encode()
    return Heard(accepted=False, verdict=f"refused: {text}", reply=Reply(status, body), order=order)
