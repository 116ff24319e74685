"""The plain JSON answer: for a party whose contract names none, and for requests that belong to no party."""

import json

from dialects.contract import Accepted, Declined, InboundRequest, Reply

CODES = {
    400: "malformed",
    401: "not-authentic",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    500: "internal",
    503: "unavailable",
}
"""The error code of each HTTP status that ingest answers."""

_ACCEPTED = Reply(200, b"{}")


def reply(outcome: Accepted | Declined, request: InboundRequest | None) -> Reply:
    """`{}` when Kafka has the event, else `{"error": {"code", "message"}}`."""
    del request
    if isinstance(outcome, Accepted):
        return _ACCEPTED
    error = {"code": CODES[outcome.status], "message": outcome.text}
    wait = outcome.retry_after_seconds
    return Reply(
        outcome.status,
        json.dumps({"error": error}, ensure_ascii=False).encode(),
        headers={} if wait is None else {"retry-after": str(wait)},
    )
