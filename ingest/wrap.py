"""The raw event: the body as it came, and around it what Kafka's headers shall say (DESIGN §3)."""

import re

import uuid_utils.compat

from dialects.contract import InboundRequest, Peeked, Proof
from ingest.sources import Source
from schemas.raw_event import RawEvent

MAX_HEADER_CHARACTERS = 1024
"""A request header that is kept is cut here: no known signature is longer."""

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
"""W3C Trace Context, section 3.2."""


def wrap(request: InboundRequest, peeked: Peeked, source: Source, *, proof: Proof) -> RawEvent:
    """Wrap one arrival; the body's bytes are untouched."""
    traceparent = request.headers.get("traceparent", "")
    return RawEvent(
        ce_id=uuid_utils.compat.uuid7(),
        source=source.name,
        type=peeked.type,
        time=request.received_at,
        dialect=source.dialect.name,
        order_no=peeked.order_no,
        body=request.body,
        content_type=request.headers.get("content-type", "")[:MAX_HEADER_CHARACTERS] or "application/json",
        traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else "",
        path=request.path.strip("/")[:MAX_HEADER_CHARACTERS],
        query=request.query,
        verified=str(proof),
        request_headers={
            name: request.headers[name][:MAX_HEADER_CHARACTERS]
            for name in source.kept_headers
            if name in request.headers
        },
    )
