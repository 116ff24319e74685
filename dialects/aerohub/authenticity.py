"""Who calls: the `apiKey` in the body is the supplier's own secret (aerohub-update-order.md, "Transport", "Fields")."""

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.json_document import NotJson, parse, scalar_text
from dialects.verification import scheme
from dialects.verification.constant_time import live_number
from runtime.settings import VerificationSettings


def verify(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """Raise NotAuthentic unless the body's `apiKey` is a live secret; compared in constant time.

    Another scheme of the settings takes the place of the contract's.
    """
    if verification.scheme != "dialect":
        return scheme.verify(request, verification)
    try:
        document = parse(request.body)
    except NotJson as error:
        raise NotAuthentic(f"no apiKey can be read: the body is {error}") from error
    key = scalar_text(document.get("apiKey"))
    if not key:
        raise NotAuthentic("apiKey is missing, empty, or neither text nor number")
    live = [secret.get_secret_value().encode() for secret in verification.secrets]
    # half a surrogate pair has no UTF-8 form, and must be compared all the same
    number = live_number([key.encode("utf-8", "surrogatepass")], live)
    if not number:
        raise NotAuthentic("apiKey is not a live one")
    return Proof(verification.scheme, number)


def wrong_settings(verification: VerificationSettings) -> str | None:
    """Why a source with these settings could let nobody in, or everybody; None: they will do. Names no secret."""
    if verification.scheme != "dialect":
        return scheme.wrong_settings(verification)
    if not verification.secrets or not all(secret.get_secret_value() for secret in verification.secrets):
        return "scheme dialect needs one or two secrets, the live apiKeys, none of them empty"
    if verification.account:
        return "account has no meaning here: the apiKey alone names the supplier"
    return None
