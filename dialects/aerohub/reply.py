"""AeroHub's answers: `{"code", "msg"}` (aerohub-update-order.md, "Response contract", inconsistencies 12 and 13)."""

import json

from dialects.contract import Accepted, Declined, InboundRequest, Reply
from dialects.json_document import NotJson, parse

_ACCEPTED = Reply(200, b'{"code":200,"msg":"Successful"}')
_VERDICTS = frozenset({400, 401})
"""Refusals of what the request says, as against those of transport."""


def reply(outcome: Accepted | Declined, request: InboundRequest | None) -> Reply:
    """`code` is 200 or 400 and nothing else; HTTP says 200 of every request that was understood.

    A body that is no JSON was not understood: HTTP 400. What transport refuses (an unknown path, a body too large, no
    Kafka) keeps its HTTP status, and its Retry-After: the caller repeats on any of them.
    """
    if isinstance(outcome, Accepted):
        return _ACCEPTED
    status = outcome.status
    if status in _VERDICTS:
        status = 200 if request is not None and _understood(request.body) else 400
    wait = outcome.retry_after_seconds
    return Reply(
        status,
        json.dumps({"code": 400, "msg": outcome.text}, separators=(",", ":")).encode(),
        headers={} if wait is None else {"retry-after": str(wait)},
    )


def _understood(body: bytes) -> bool:
    try:
        parse(body)
    except NotJson:
        return False
    return True
