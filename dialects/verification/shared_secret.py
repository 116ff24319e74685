"""A secret that travels with the request: a token in a header, or HTTP basic (RFC 7617)."""

import base64
import binascii

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.verification.constant_time import live_number
from runtime.settings import VerificationSettings

USUAL_HEADER = "authorization"


def verify_token(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """The header holds a live token; in `Authorization` it is a bearer token (RFC 6750)."""
    name = verification.header.lower() or USUAL_HEADER
    given = request.headers.get(name, "")
    if name == USUAL_HEADER:
        scheme, _, given = given.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthentic(f"header {name} holds no bearer token")
    if not given:
        raise NotAuthentic(f"header {name} is missing")
    return _proof(given.strip().encode(), verification, wrong=f"the token in header {name} is not a live one")


def verify_basic(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """User and password are a live pair."""
    scheme, _, encoded = request.headers.get(USUAL_HEADER, "").partition(" ")
    if scheme.lower() != "basic":
        raise NotAuthentic(f"header {USUAL_HEADER} holds no basic credentials")
    try:
        given = base64.b64decode(encoded.strip().encode(), validate=True)
    except (binascii.Error, ValueError):
        raise NotAuthentic(f"header {USUAL_HEADER} is not base64") from None
    return _proof(given, verification, wrong="user and password are not a live pair")


def _proof(given: bytes, verification: VerificationSettings, *, wrong: str) -> Proof:
    number = live_number([given], [secret.get_secret_value().encode() for secret in verification.secrets])
    if not number:
        raise NotAuthentic(wrong)
    return Proof(verification.scheme, number)
