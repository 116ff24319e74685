"""Calls of the back-fill as a merchant makes them, and callbacks as the hub writes them."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from pydantic import SecretStr

from dialects.atlas.read import read as read_atlas
from dialects.contract import Call, CallbackToWrite, InboundRequest
from dialects.fliggy.signature import sign
from runtime.settings import VerificationSettings
from schemas.events import AnyEvent, OrderTicketed
from schemas.raw_event import RawEvent

SAMPLES = Path(__file__).parents[3] / "samples"
SECRET = "helloworld"
ARRIVED = datetime(2016, 1, 1, 4, 0, tzinfo=UTC)
"""The vectors' timestamp, 12:00 at GMT+8."""

FORM = "application/x-www-form-urlencoded; charset=utf-8"
ORDER: dict[str, Any] = json.loads((SAMPLES / "fliggy" / "07-fliggy-confirm-book-rq.json").read_bytes())
COMMON = {
    "method": "alitrip.ship.order.notify",
    "app_key": "12345678",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "sign_method": "md5",
}
PROVEN = VerificationSettings(scheme="dialect", account="12345678", secrets=(SecretStr("other"), SecretStr(SECRET)))


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parameters(order: object = ORDER, **changes: str) -> dict[str, str]:
    return {**COMMON, "confirm_book_r_q": order if isinstance(order, str) else compact(order), **changes}


def signed(given: Mapping[str, str]) -> dict[str, str]:
    return {**given, "sign": sign(given, secret=SECRET, sign_method=given["sign_method"])}


def request(body: bytes | Mapping[str, str], *, path: str = "/router/rest", **changes: Any) -> InboundRequest:
    """A form of these parameters, or a body as it is."""
    content = body if isinstance(body, bytes) else urlencode(body).encode()
    fields: dict[str, Any] = {"query": "", "headers": {"content-type": FORM}, "received_at": ARRIVED, **changes}
    return InboundRequest(method="POST", path=path, body=content, **fields)


def stored(asked: InboundRequest) -> RawEvent:
    """The request as ingest keeps it."""
    return RawEvent(
        ce_id=UUID(int=1),
        source="platform",
        type="order.ticketed",
        time=asked.received_at,
        dialect="fliggy",
        order_no="1",
        body=asked.body,
        content_type=asked.headers.get("content-type", "") or "application/json",
        path=asked.path.strip("/"),
        query=asked.query,
    )


def changed(document: Mapping[str, Any], path: str, value: Any = ...) -> dict[str, Any]:
    """A copy with one field set, or removed."""
    whole = copy.deepcopy(dict(document))
    *parents, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place: Any = whole
    for step in parents:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return whole


CREDENTIALS: dict[str, Any] = {"app_key": "12345678", "secret": SECRET, "session": "test", "sign_method": "md5"}
CONTEXT: dict[str, Any] = json.loads((SAMPLES / "fliggy" / "context-of-atlas-04.json").read_bytes())


def atlas_order() -> OrderTicketed:
    """The supplier's full sample."""
    body = (SAMPLES / "atlas" / "04-atlas-order-ticketed-full.json").read_bytes()
    content = read_atlas(RawEvent(UUID(int=1), "atlas", "order.ticketed", ARRIVED, "atlas", "1", body)).content
    assert isinstance(content, OrderTicketed)
    return content


def callback(content: AnyEvent, context: Mapping[str, Any] | None = CONTEXT, **changes: Any) -> CallbackToWrite:
    fields: dict[str, Any] = {"credentials": CREDENTIALS, "now": ARRIVED, "attempt": 1, **changes}
    return CallbackToWrite(
        callback_id=UUID(int=7),
        source="atlas",
        order_no=content.order_no,
        event_time=ARRIVED,
        content=content,
        change={},
        context=context,
        url="https://platform.example/router/rest",
        **fields,
    )


def sent(call: object) -> dict[str, str]:
    """The parameters of a written call."""
    assert isinstance(call, Call), call
    return dict(parse_qsl(call.body.decode("ascii"), keep_blank_values=True, strict_parsing=True))


def sent_order(call: object) -> dict[str, Any]:
    order: dict[str, Any] = json.loads(sent(call)["confirm_book_r_q"])
    return order
