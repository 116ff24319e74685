"""The source's scheme, as the settings name it, applied to a request."""

from collections.abc import Callable

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.verification import hmac_signature, shared_secret, standard_webhooks
from runtime.settings import VerificationSettings


def verify(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """How the request proves its source by the scheme in the settings; raises NotAuthentic when it does not."""
    if verification.scheme == "dialect":
        raise NotAuthentic("this party's contract says nothing of how a request is proven")
    check = _SCHEMES[verification.scheme]
    return Proof(verification.scheme) if check is None else check(request, verification)


def wrong_settings(verification: VerificationSettings) -> str | None:
    """Why these settings could never let a request in (or would let all in), or None. Names no secret."""
    if verification.scheme == "dialect":
        return "scheme dialect is for parties whose contract says how a request is proven; this one says nothing"
    if verification.scheme == "none":
        return "scheme none takes no secrets; name the scheme that they are for" if verification.secrets else None
    if not verification.secrets or not all(secret.get_secret_value() for secret in verification.secrets):
        return f"scheme {verification.scheme} needs one or two secrets, none of them empty"
    if verification.scheme == "basic" and not all(":" in s.get_secret_value() for s in verification.secrets):
        return "scheme basic needs its secrets in the form user:password"
    if verification.scheme == "standard-webhooks":
        return standard_webhooks.wrong_secrets(verification)
    return None


def signed_headers(verification: VerificationSettings) -> frozenset[str]:
    """Request headers (lower case) to keep with an event so that it can be verified anew.

    A shared token or a password proves the sender, not the content: keeping it would only spread the secret.
    """
    if verification.scheme == "hmac":
        return frozenset({hmac_signature.header_name(verification)})
    if verification.scheme == "standard-webhooks":
        return standard_webhooks.HEADERS
    return frozenset()


_SCHEMES: dict[str, Callable[[InboundRequest, VerificationSettings], Proof] | None] = {
    "none": None,
    "token": shared_secret.verify_token,
    "basic": shared_secret.verify_basic,
    "hmac": hmac_signature.verify,
    "standard-webhooks": standard_webhooks.verify,
}
