"""What ingest must know of an Atlas body: its type and order number."""

import re
from typing import Any

import orjson

from dialects.contract import InboundRequest, Malformed, Peeked, UnknownPath
from dialects.json_document import NotJson, parse, scalar_text

MAX_ORDER_NUMBER = 256
MAX_TYPE = 128
"""Characters of a type we do not know that are kept."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def peek(request: InboundRequest) -> Peeked:
    """Type and order number of any Atlas webhook, known or not; any content type will do (atlas-order-ticketed, 13)."""
    if request.path not in {"", "/"}:
        raise UnknownPath("webhooks are taken at the source's own path")
    document = _document(request.body)
    event_type = document.get("type")
    if not isinstance(event_type, str) or not event_type.strip():
        raise Malformed("type is missing or not a text")
    data = document.get("data")
    number = data.get("orderNo") if isinstance(data, dict) else None
    if isinstance(number, float):
        # Perhaps an integer too long for the fast reader: the digits decide the partition, so read them exactly.
        number = _exactly(request.body)["data"]["orderNo"]
    order_no = scalar_text(number)
    if order_no is None or not order_no.strip():
        raise Malformed("data.orderNo is missing or neither text nor number")
    if len(order_no) > MAX_ORDER_NUMBER:
        raise Malformed(f"data.orderNo has {len(order_no)} characters, more than {MAX_ORDER_NUMBER}")
    if _UNPRINTABLE.search(order_no) or _UNPRINTABLE.search(event_type):
        raise Malformed("type or data.orderNo holds a control character or half a character")
    return Peeked(type=event_type[:MAX_TYPE], order_no=order_no)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _exactly(body)
    if not isinstance(document, dict):
        raise Malformed("the body is not a JSON object")
    return document


def _exactly(body: bytes) -> dict[str, Any]:
    try:
        return parse(body)
    except NotJson as error:
        raise Malformed(f"the body is {error}") from error
