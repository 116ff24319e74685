"""An HMAC of the body in a header, as many senders write it.

| like | header | hash, encoding, prefix, signed |
|---|---|---|
| GitHub | X-Hub-Signature-256 | sha256, hex, `sha256=`, body |
| Shopify | X-Shopify-Hmac-Sha256 | sha256, base64, none, body |
| Stripe | Stripe-Signature | sha256, hex, none, timestamp.body: header `t=<epoch seconds>,v1=<signature>[,v1=…]` |

Sources: docs.github.com "Validating webhook deliveries"; shopify.dev "Verify the origin of a webhook"; docs.stripe.com
"Verify webhook signatures manually".
"""

import base64
import binascii
import hmac

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.verification.constant_time import live_number
from dialects.verification.timestamp import check_timestamp
from runtime.settings import VerificationSettings

USUAL_HEADER = "x-signature"
MAX_SIGNATURES = 8
"""Signatures looked at in one header: a sender that rotates sends two."""


def header_name(verification: VerificationSettings) -> str:
    """The header that carries the signature, lower case."""
    return verification.header.lower() or USUAL_HEADER


def verify(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """One of the header's signatures is that of a live secret; a signed timestamp is within the tolerance."""
    name = header_name(verification)
    value = request.headers.get(name, "").strip()
    if not value:
        raise NotAuthentic(f"header {name} is missing")
    if verification.signed == "timestamp.body":
        timestamp, written = _timestamp_and_signatures(name, value)
        check_timestamp(timestamp, now=request.received_at, tolerance_seconds=verification.tolerance_seconds)
        signed = timestamp.encode() + b"." + request.body
    else:
        written, signed = [value], request.body
    given = [_decode(text, verification) for text in written[:MAX_SIGNATURES]]
    expected = [
        hmac.digest(secret.get_secret_value().encode(), signed, verification.hash) for secret in verification.secrets
    ]
    number = live_number(given, expected)
    if not number:
        raise NotAuthentic(f"no signature in header {name} is that of a live secret")
    return Proof(verification.scheme, number)


def _timestamp_and_signatures(name: str, value: str) -> tuple[str, list[str]]:
    parts = [part.strip().partition("=") for part in value.split(",")]
    timestamps = [text for key, _, text in parts if key == "t"]
    signatures = [text for key, _, text in parts if key == "v1"]
    if len(timestamps) != 1 or not signatures:
        raise NotAuthentic(f"header {name} is not of the form t=…,v1=…")
    return timestamps[0], signatures


def _decode(text: str, verification: VerificationSettings) -> bytes:
    """The signature's bytes; empty, which equals no signature, when it is not written as configured."""
    if not text.startswith(verification.prefix):
        return b""
    written = text.removeprefix(verification.prefix)
    try:
        if verification.encoding == "hex":
            return bytes.fromhex(written)
        return base64.b64decode(written.encode(), validate=True)
    except (binascii.Error, ValueError):
        return b""
