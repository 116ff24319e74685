"""Standard Webhooks, symmetric signatures `v1` (standardwebhooks.com, specification, "Symmetric signatures").

Written after the specification: the reference library takes its own clock and a body that is text.
"""

import base64
import binascii
import hmac

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.verification.constant_time import live_number
from dialects.verification.timestamp import check_timestamp
from runtime.settings import VerificationSettings

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
HEADERS = frozenset({ID, TIMESTAMP, SIGNATURE})
SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark in front of a secret
MAX_SIGNATURES = 8


def verify(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """One `v1` signature over `id.timestamp.body` is that of a live secret; the timestamp is within the tolerance."""
    values = {name: request.headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE)}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise NotAuthentic(f"header {missing[0]} is missing")
    check_timestamp(values[TIMESTAMP], now=request.received_at, tolerance_seconds=verification.tolerance_seconds)
    signed = f"{values[ID]}.{values[TIMESTAMP]}.".encode() + request.body
    given = [_signature(text) for text in values[SIGNATURE].split(" ")[:MAX_SIGNATURES]]
    expected = [hmac.digest(_key(s.get_secret_value()), signed, "sha256") for s in verification.secrets]
    number = live_number(given, expected)
    if not number:
        raise NotAuthentic("no v1 signature is that of a live secret")
    return Proof(verification.scheme, number)


def wrong_secrets(verification: VerificationSettings) -> str | None:
    """Why a secret is none of this scheme, or None."""
    try:
        keys = [_key(secret.get_secret_value()) for secret in verification.secrets]
    except (binascii.Error, ValueError):
        keys = []
    return None if keys and all(keys) else "scheme standard-webhooks needs secrets of the form whsec_<base64>"


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(SECRET_PREFIX)
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)


def _signature(text: str) -> bytes:
    version, _, encoded = text.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(encoded.encode(), validate=True)
    except (binascii.Error, ValueError):
        return b""
