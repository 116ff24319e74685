"""Its answers: `{"errcode", "errmsg"}` (datacentre-ticket-order.md, "Response contract", "Semantics")."""

import json

from dialects.contract import Accepted, Declined, InboundRequest, Reply

_ACCEPTED = Reply(200, b'{"errcode":0,"errmsg":"ok"}')
_VERDICTS = frozenset({400, 401})
"""Refusals of what the request says: a bad token, a missing order number, an unreadable body."""


def reply(outcome: Accepted | Declined, request: InboundRequest | None) -> Reply:
    """Every refusal is `errcode` 1 with a text, the only error form shown.

    The HTTP status is not stated. A verdict on the request is HTTP 200, for a caller may read `errcode` of nothing
    else; what transport refuses (an unknown path, a body too large, no Kafka) keeps its status and its Retry-After, so
    that no caller takes a passing fault for a verdict.
    """
    del request
    if isinstance(outcome, Accepted):
        return _ACCEPTED
    wait = outcome.retry_after_seconds
    return Reply(
        200 if outcome.status in _VERDICTS else outcome.status,
        json.dumps({"errcode": 1, "errmsg": outcome.text}, separators=(",", ":")).encode(),
        headers={} if wait is None else {"retry-after": str(wait)},
    )
