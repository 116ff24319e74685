"""TOP's request signature (fliggy-ship-order-notify.md, "Beyond the document", "Signature")."""

import hashlib
import hmac
from collections.abc import Mapping

SIGN_METHODS = ("md5", "hmac", "hmac-sha256")


def sign(parameters: Mapping[str, str], *, secret: str, sign_method: str) -> str:
    """Upper-case hex over all parameters but `sign` and the empty ones, sorted, un-encoded; raises KeyError for a
    method that is none of SIGN_METHODS. A lone surrogate has a signature too: it is refused later, by name.
    """
    parts = sorted((name, value) for name, value in parameters.items() if name and value and name != "sign")
    text = "".join(name + value for name, value in parts).encode("utf-8", "surrogatepass")
    key = secret.encode()
    match sign_method:
        case "md5":
            digest = hashlib.md5(key + text + key).digest()  # noqa: S324 - the platform's own method
        case "hmac":
            digest = hmac.digest(key, text, "md5")
        case "hmac-sha256":
            digest = hmac.digest(key, text, "sha256")
        case _:
            raise KeyError(sign_method)
    return digest.hex().upper()
