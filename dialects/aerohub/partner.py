"""The platform's own side of `update_order`, as strict as aerohub-update-order.md.

A refusal that was understood is HTTP 200 with `code` 400 (inconsistency 12). A second call of an order is judged by its
content, never by its `requestId` ("Semantics").
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dialects.contract import Heard, InboundRequest, Reply
from dialects.field_table import NotTheFormat, Row, faults, same_words, strict_object

_NAME = r"[^/\r\n]+/[^/\r\n]+"
"""LastName/FirstName MiddleName."""

_AIRPORT = r"[A-Z]{3}"
_OPTIONAL = Row(required=False)
_ITEM: Mapping[str, Row] = {
    "passengerName": Row(form=_NAME),
    "flightNumber": Row(),
    "cardNo": Row(longest=15),
    "pnrCode": Row(),
    "ticketNo": Row(),
    "segmentNo": Row("whole", values=frozenset({1, 2})),
    "sequence": Row("whole", form=r"[1-9][0-9]*"),
    "depAirport": Row(form=_AIRPORT),
    "arrAirport": Row(form=_AIRPORT),
    "ticketingTime": Row("whole", form=r"[1-9][0-9]{9}"),
    "accountName": _OPTIONAL,
    "accountPass": _OPTIONAL,
    "contactName": Row(required=False, form=_NAME),
    "contactEmail": _OPTIONAL,
    "contactMobile": _OPTIONAL,
}
_CALL: Mapping[str, Row] = {
    "apiKey": Row(),
    "requestId": Row(exactly=32),
    "purchaseOrderNo": Row(),
    "orderStatus": Row(values=frozenset({"TICKETED", "REJECTED"})),
    "sourceType": Row("whole", required=False, values=frozenset({1, 2})),
    "reason": _OPTIONAL,
    "ticketNoItems": Row("objects", required=False, rows=_ITEM),
}
_REASONS = (
    "Incorrect information", "Withdraw before issuing", "Duplicate booking", "Fare change", "Flight sold out",
    "Ancillary not available", "Airline error", "Payment card error", "Automatic ticketing failed",
)  # fmt: skip


class AeroHubPartner:
    """Holds, by `purchaseOrderNo`, the first content accepted, and by `requestId` the content it came with."""

    name = "aerohub"
    path = "/supplier/v1/api/update_order"

    def credentials(self, secret: str) -> Mapping[str, Any]:
        return {"apiKey": secret}

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        if call.method != "POST":
            return _refused(f"the method is {call.method}, not POST", status=405)
        try:
            message = strict_object(call.body)
        except NotTheFormat as error:
            return _refused(str(error), status=400)
        order = str(message.get("purchaseOrderNo", ""))[:80]
        if message.get("apiKey") != credentials["apiKey"]:
            # the sibling interface's words ("Beyond the document")
            return _refused("Invalid API Key", code=1000, order=order)
        if found := [*faults(message, _CALL, ""), *_by_status(message)]:
            return _refused("; ".join(found), order=order)
        return _against_held(message, held)

    def refuse(self, call: InboundRequest) -> Reply:
        """Example 12."""
        del call
        return _answer(400, "Failed")


def _by_status(message: Mapping[str, Any]) -> Iterator[str]:
    """What is required of the one status and not of the other, and how items belong together."""
    items = message.get("ticketNoItems")
    items = items if isinstance(items, list) and all(isinstance(item, dict) for item in items) else []
    if message.get("orderStatus") == "TICKETED" and not items:
        yield "ticketNoItems is required for TICKETED"
    if message.get("orderStatus") == "REJECTED" and not message.get("reason"):
        yield "reason is required for REJECTED"
    seen = Counter(
        same_words([item.get(name) for name in ("passengerName", "cardNo", "segmentNo", "sequence")]) for item in items
    )
    if any(times > 1 for times in seen.values()):
        yield "ticketNoItems names one passenger on one flight twice"
    for direction in (1, 2):
        found = {item.get("sequence") for item in items if item.get("segmentNo") == direction}
        if found and found != set(range(1, len(found) + 1)):
            yield f"sequence of segmentNo {direction} does not count from 1"


def _against_held(message: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
    order, request = message["purchaseOrderNo"], f"request {message['requestId']}"
    content = same_words({name: value for name, value in message.items() if name not in {"apiKey", "requestId"}})
    first = held.get(f"order {order}")
    if held.get(request, content) != content:
        return _refused("requestId was used for another content", order=order)
    if first is not None and first != content:
        return _refused("the order has another status or content already; the first is kept", order=order)
    remarks = tuple(_remarks(message)) + (("requestId is not new for this call",) if request in held else ())
    verdict = "accepted" if first is None else "accepted again: the same content"
    remember = {f"order {order}": content, request: content}
    reply = _answer(200, "Successful")
    return Heard(accepted=True, verdict=verdict, reply=reply, order=order, remarks=remarks, remember=remember)


def _remarks(message: Mapping[str, Any]) -> Iterator[str]:
    """Inconsistencies 4, 5, 6 and 11, right column."""
    reason = message.get("reason")
    if message["orderStatus"] == "TICKETED":
        if reason != "":
            yield 'reason of TICKETED is not ""'
        yield from _incomplete(message["ticketNoItems"])
    else:
        if reason not in _REASONS:
            yield "reason is not one of the nine listed texts"
        if "ticketNoItems" in message:
            yield "ticketNoItems is sent with REJECTED"
    if message.get("sourceType") != 1:
        yield "sourceType is not 1"


def _incomplete(items: list[dict[str, Any]]) -> Iterator[str]:
    """One element stands for one passenger on one flight: all of them, in one call ("Fields", "Semantics")."""
    people = {(item["passengerName"], item["cardNo"]) for item in items}
    flights = {(item["segmentNo"], item["sequence"]) for item in items}
    if len(items) != len(people) * len(flights):
        yield f"{len(items)} items for {len(people)} passengers on {len(flights)} flights"


def _refused(text: str, *, code: int = 400, status: int = 200, order: str = "") -> Heard:
    return Heard(accepted=False, verdict=f"refused: {text}", reply=_answer(code, text, status=status), order=order)


def _answer(code: int, text: str, *, status: int = 200) -> Reply:
    return Reply(status, json.dumps({"code": code, "msg": text}).encode())
