"""A secret that travels with the request: a token in a header, or HTTP basic (RFC 7617)."""

import base64
import binascii

from dialects.contract import InboundRequest, NotAuthentic
from dialects.verification.constant_time import any_equal
from runtime.settings import VerificationSettings

USUAL_HEADER = "authorization"


def verify_token(request: InboundRequest, verification: VerificationSettings) -> None:
    """The header holds a live token; in `Authorization` it is a bearer token (RFC 6750)."""
    name = verification.header.lower() or USUAL_HEADER
    given = request.headers.get(name, "")
    if name == USUAL_HEADER:
        scheme, _, given = given.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthentic(f"header {name} holds no bearer token")
    if not given:
        raise NotAuthentic(f"header {name} is missing")
    if not _is_live(given.strip().encode(), verification):
        raise NotAuthentic(f"the token in header {name} is not a live one")


def verify_basic(request: InboundRequest, verification: VerificationSettings) -> None:
    """User and password are a live pair."""
    scheme, _, encoded = request.headers.get(USUAL_HEADER, "").partition(" ")
    if scheme.lower() != "basic":
        raise NotAuthentic(f"header {USUAL_HEADER} holds no basic credentials")
    try:
        given = base64.b64decode(encoded.strip().encode(), validate=True)
    except (binascii.Error, ValueError):
        raise NotAuthentic(f"header {USUAL_HEADER} is not base64") from None
    if not _is_live(given, verification):
        raise NotAuthentic("user and password are not a live pair")


def _is_live(given: bytes, verification: VerificationSettings) -> bool:
    return any_equal([given], [secret.get_secret_value().encode() for secret in verification.secrets])
