"""What a caller of the back-fill is answered (fliggy-ship-order-notify.md, "Response contract", 14 and 15).

The answer is the same bytes for every success, so the first one of an order is answered again for ever; a request_id,
which would differ, is left out. A call that was understood and refused is answered with HTTP 200, as the platform
does: its client libraries read a body below 400 only. What HTTP itself forbids or cannot do now (path, verb, type,
size, rate, availability) keeps its status, for proxies and plain clients; its body is an error_response too.
"""

import json
import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from dialects.contract import Accepted, Declined, InboundRequest, Reply
from dialects.fliggy.parameters import parameters
from dialects.fliggy.platform_errors import PlatformError, Refusal, read_text

ROOT = "alitrip_ship_order_notify_response"

_BY_STATUS: Mapping[int, PlatformError] = {
    400: PlatformError.INVALID_ARGUMENT,
    401: PlatformError.INVALID_SIGNATURE,
    404: PlatformError.INVALID_METHOD,
    405: PlatformError.HTTP_ACTION,
    408: PlatformError.UNAVAILABLE,
    413: PlatformError.PARAMETER_ERROR,
    415: PlatformError.PARAMETER_ERROR,
    429: PlatformError.CALL_LIMITED,
    500: PlatformError.UNAVAILABLE,
    503: PlatformError.UNAVAILABLE,
}
_REFUSED_BY_CONTRACT = frozenset({400, 401})
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def reply(outcome: Accepted | Declined, request: InboundRequest | None) -> Reply:
    """XML, or JSON where `format` asks for it; XML too when the request was not read."""
    asked = _asked(request)
    if isinstance(outcome, Accepted):
        answer: dict[str, object] = {"ret_code": "0", "ret_msg": "success", "ret_success": True}
        return _worded(200, ROOT, answer, asked=asked)
    error, detail = read_text(outcome.text)
    error = error or _BY_STATUS.get(outcome.status, PlatformError.UNAVAILABLE)
    wait = outcome.retry_after_seconds
    return _worded(
        200 if outcome.status in _REFUSED_BY_CONTRACT else outcome.status,
        "error_response",
        {"code": error.code, "msg": error.message, "sub_code": error.sub_code, "sub_msg": detail},
        asked=asked,
        headers={} if wait is None else {"retry-after": str(wait)},
    )


def _asked(request: InboundRequest | None) -> Mapping[str, str]:
    if request is None:
        return {}
    try:
        return parameters(request.body, request.query)
    except Refusal:
        return {}


def _worded(
    status: int,
    root: str,
    fields: dict[str, object],
    *,
    asked: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> Reply:
    if asked.get("format") == "json":
        # the simplified form has no root; an error keeps it, for without it nothing would mark it as one
        bare = root == ROOT and asked.get("simplify", "").strip().lower() == "true"
        text = json.dumps(fields if bare else {root: fields}, ensure_ascii=False)
        content_type = "application/json"
    else:
        inner = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in fields.items())
        text = f'<?xml version="1.0" encoding="utf-8"?><{root}>{inner}</{root}>'
        content_type = "text/xml; charset=utf-8"
    return Reply(status, text.encode("utf-8", "replace"), content_type, headers or {})


def _xml(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return escape(_NOT_IN_XML.sub("?", text))
