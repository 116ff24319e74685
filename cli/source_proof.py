"""The headers by which a request proves its source, as the source itself would write them."""

import base64
import hmac
import time
from uuid import uuid4

from runtime.settings import VerificationSettings


def proof(verification: VerificationSettings, body: bytes) -> dict[str, str]:
    """Headers for this body under the first live secret; none where the proof is the contract's own or not needed."""
    if verification.scheme in {"none", "dialect"}:
        return {}
    secret = verification.secrets[0].get_secret_value()
    match verification.scheme:
        case "token":
            header = verification.header or "Authorization"
            return {header: f"Bearer {secret}" if header.lower() == "authorization" else secret}
        case "basic":
            return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
        case "hmac":
            return {verification.header or "X-Signature": _hmac(verification, secret, body)}
        case _:
            return _standard_webhooks(secret, body)


def _hmac(verification: VerificationSettings, secret: str, body: bytes) -> str:
    moment = str(int(time.time()))
    stamped = verification.signed == "timestamp.body"
    signed = f"{moment}.".encode() + body if stamped else body
    digest = hmac.digest(secret.encode(), signed, verification.hash)
    written = digest.hex() if verification.encoding == "hex" else base64.b64encode(digest).decode()
    return f"t={moment},v1={verification.prefix}{written}" if stamped else verification.prefix + written


def _standard_webhooks(secret: str, body: bytes) -> dict[str, str]:
    encoded = secret.removeprefix("whsec_")
    key = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    message, moment = f"msg_{uuid4().hex}", str(int(time.time()))
    signature = base64.b64encode(hmac.digest(key, f"{message}.{moment}.".encode() + body, "sha256")).decode()
    return {"webhook-id": message, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
