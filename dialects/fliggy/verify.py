"""How a TOP call is proven: app key, timestamp and signature (fliggy-ship-order-notify.md, "Beyond the document")."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.fliggy.parameters import parameters
from dialects.fliggy.platform_errors import PlatformError, Refusal
from dialects.fliggy.signature import SIGN_METHODS, sign
from dialects.verification import scheme
from dialects.verification.constant_time import live_number
from runtime.settings import VerificationSettings

TOLERANCE = timedelta(minutes=10)

_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)


def verify(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """By the contract with scheme `dialect`, else by a generic scheme. Parameters that cannot be read prove nothing."""
    if verification.scheme != "dialect":
        return scheme.verify(request, verification)
    try:
        given = parameters(request.body, request.query)
    except Refusal as refusal:
        raise _not_authentic(PlatformError.MISSING_SIGNATURE, refusal.detail) from None
    _check_app_key(given, verification.account)
    if not given.get("v"):
        raise _not_authentic(PlatformError.MISSING_VERSION, "v is missing")
    _check_timestamp(given.get("timestamp", ""), now=request.received_at)
    return Proof(verification.scheme, _signing_secret(given, verification))


def wrong_settings(verification: VerificationSettings) -> str | None:
    """Why these settings could never let a call in (or would let all in), or None."""
    if verification.scheme != "dialect":
        return scheme.wrong_settings(verification)
    if not verification.secrets or not all(secret.get_secret_value() for secret in verification.secrets):
        return "scheme dialect needs one or two app secrets, none of them empty"
    return None


def _check_app_key(given: Mapping[str, str], account: str) -> None:
    app_key = given.get("app_key", "")
    if not app_key:
        raise _not_authentic(PlatformError.MISSING_APP_KEY, "app_key is missing")
    if account and not live_number([app_key.encode("utf-8", "replace")], [account.encode()]):
        raise _not_authentic(PlatformError.INVALID_APP_KEY, "app_key is not the one of this source")


def _check_timestamp(text: str, *, now: datetime) -> None:
    if not text:
        raise _not_authentic(PlatformError.MISSING_TIMESTAMP, "timestamp is missing")
    try:
        moment = datetime.strptime(text + "+0800", "%Y-%m-%d %H:%M:%S%z") if _TIMESTAMP.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise _not_authentic(PlatformError.INVALID_TIMESTAMP, "timestamp is not of the form yyyy-MM-dd HH:mm:ss")
    # as seconds: a difference of datetimes could be out of range
    distance = now.timestamp() - moment.timestamp()
    if abs(distance) > TOLERANCE.total_seconds():
        side = "behind" if distance > 0 else "ahead"
        detail = f"timestamp, taken as GMT+8, is {abs(distance):.0f} s {side}, more than 600 s"
        raise _not_authentic(PlatformError.INVALID_TIMESTAMP, detail)


def _signing_secret(given: Mapping[str, str], verification: VerificationSettings) -> int:
    sign_method = given.get("sign_method", "")
    if not sign_method:
        raise _not_authentic(PlatformError.MISSING_ARGUMENT, "sign_method is missing")
    if sign_method not in SIGN_METHODS:
        raise _not_authentic(PlatformError.INVALID_ARGUMENT, f"sign_method is none of {', '.join(SIGN_METHODS)}")
    written = given.get("sign", "")
    if not written:
        raise _not_authentic(PlatformError.MISSING_SIGNATURE, "sign is missing")
    live = [
        sign(given, secret=secret.get_secret_value(), sign_method=sign_method).encode()
        for secret in verification.secrets
    ]
    number = live_number([written.upper().encode("utf-8", "replace")], live)
    if not number:
        raise _not_authentic(PlatformError.INVALID_SIGNATURE, f"sign is not the {sign_method} of a live secret")
    return number


def _not_authentic(error: PlatformError, detail: str) -> NotAuthentic:
    return NotAuthentic(error.text(detail))
