"""Standard Webhooks signatures (specification 1.0): HMAC-SHA256 over `id.timestamp.body`, one for each live secret."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

PREFIX = "whsec_"
LIVE_SECRETS = 2
SECRET_BYTES = range(24, 65)


def secrets_of(credentials: Mapping[str, Any]) -> list[str]:
    """The live secrets, newest first."""
    return list(credentials.get("secrets", ()))


def check_secrets(credentials: Mapping[str, Any]) -> list[str]:
    """What is wrong with `secrets`, a sentence each; none at all is for the dialect to judge."""
    secrets = credentials.get("secrets", [])
    if not isinstance(secrets, list) or not all(isinstance(secret, str) for secret in secrets):
        return ["credentials.secrets must be a list of texts"]
    if len(secrets) > LIVE_SECRETS:
        return [f"credentials.secrets may hold {LIVE_SECRETS} live secrets, not {len(secrets)}"]
    places = [f"credentials.secrets[{place}]" for place in range(len(secrets))]
    return [wrong for place, secret in zip(places, secrets, strict=True) if (wrong := _wrong(place, secret))]


def signed_headers(
    callback_id: UUID, *, now: datetime, body: bytes, credentials: Mapping[str, Any], replay: bool
) -> dict[str, str]:
    """`webhook-…` headers of one attempt. The id stays the same in every attempt, so that a receiver knows a repeat."""
    message_id = f"msg_{callback_id.hex}"
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    secrets = secrets_of(credentials)
    if secrets:
        signed = f"{message_id}.{timestamp}.".encode() + body
        headers["webhook-signature"] = " ".join([f"v1,{_sign(secret, signed)}" for secret in secrets])
    if replay:
        headers["ticketwire-replay"] = "true"
    return headers


def _sign(secret: str, signed: bytes) -> str:
    signature = _begun(secret).copy()
    signature.update(signed)
    return base64.b64encode(signature.digest()).decode()


@lru_cache(maxsize=1024)
def _begun(secret: str) -> hmac.HMAC:
    """A signature of nothing yet: to begin anew for each message takes a third longer. Not to be written to."""
    return hmac.new(_key(secret), digestmod="sha256")


@lru_cache(maxsize=1024)
def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _wrong(place: str, secret: str) -> str:
    if not secret.startswith(PREFIX):
        return f"{place} must begin with {PREFIX}"
    try:
        length = len(_key(secret))
    except (binascii.Error, ValueError):
        return f"{place} is not base64 after {PREFIX}"
    if length not in SECRET_BYTES:
        return f"{place} holds {length} bytes; {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1} are allowed"
    return ""
