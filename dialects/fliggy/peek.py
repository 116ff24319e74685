"""What ingest must know of a call, and the contract's verdict on all of it (contract.py, `Inbound.peek`)."""

from dialects.contract import InboundRequest, Malformed, Peeked, UnknownPath, UnsupportedMedia
from dialects.fliggy.order import read_order
from dialects.fliggy.parameters import parameters
from dialects.fliggy.platform_errors import PlatformError, Refusal

PATHS = frozenset({"", "router/rest"})
"""`/router/rest` as on the platform's gateways ("Beyond the document"), and the source's own path."""

_FORM = "application/x-www-form-urlencoded"


def peek(request: InboundRequest) -> Peeked:
    """Type and order number; raises Malformed and its kinds. Whatever passes here can be read later."""
    if request.path.strip("/") not in PATHS:
        raise UnknownPath(PlatformError.INVALID_METHOD.text("calls are taken at the source's path and /router/rest"))
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media and media != _FORM and not media.endswith("json"):
        detail = f"content type {media[:60]!r} is neither {_FORM} nor JSON"
        raise UnsupportedMedia(PlatformError.PARAMETER_ERROR.text(detail))
    try:
        content = read_order(parameters(request.body, request.query))
    except Refusal as refusal:
        raise Malformed(str(refusal)) from None
    return Peeked(type=content.type, order_no=content.order_no)
