"""Each scheme lets in what a live secret vouches for, and nothing else."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook

from dialects.contract import NotAuthentic
from dialects.verification import scheme
from runtime.settings import VerificationSettings
from tests.unit.dialects.requests import ARRIVED, request

BODY = b'{"type": "order.ticketed"}'
OLD, NEW, DEAD = "old-secret", "new-secret", "dead-secret"


def settings(scheme_name: str, *secrets: str, **more: Any) -> VerificationSettings:
    return VerificationSettings.model_validate({"scheme": scheme_name, "secrets": secrets or (OLD, NEW), **more})


def let_in(verification: VerificationSettings, **headers: str) -> bool:
    return lets_in_body(verification, BODY, headers)


def lets_in_body(verification: VerificationSettings, body: bytes, headers: Mapping[str, str]) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        scheme.verify(request(body, headers=named), verification)
    except NotAuthentic:
        return False
    return True


def test_refusals_say_why_and_hold_no_secret() -> None:
    verification = settings("token", header="X-Token")
    with pytest.raises(NotAuthentic, match="header x-token is not a live one") as refusal:
        scheme.verify(request(headers={"x-token": DEAD}), verification)
    assert not any(secret in str(refusal.value) for secret in (OLD, NEW, DEAD))


def test_the_proof_names_the_scheme_and_which_secret_it_was() -> None:
    verification = settings("token", header="X-Token")
    proofs = [str(scheme.verify(request(headers={"x-token": secret}), verification)) for secret in (OLD, NEW)]
    assert proofs == ["token/1", "token/2"]
    signed = settings("hmac", header="X-Sign")
    assert str(scheme.verify(request(BODY, headers={"x-sign": hex_of(NEW)}), signed)) == "hmac/2"
    pairs = settings("basic", "a:1", "b:2")
    assert str(scheme.verify(request(headers={"authorization": basic("b:2")}), pairs)) == "basic/2"
    assert str(scheme.verify(request(), VerificationSettings(scheme="none"))) == "none"


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def hex_of(secret: str, body: bytes = BODY, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def base64_of(secret: str, body: bytes = BODY) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def test_scheme_none_lets_everything_in() -> None:
    assert let_in(settings("none").model_copy(update={"secrets": ()}))


@pytest.mark.parametrize(("secret", "expected"), [(OLD, True), (NEW, True), (DEAD, False), ("", False)])
class TestBothLiveSecretsAndNoOther:
    def test_token_in_a_header(self, secret: str, expected: bool) -> None:
        assert let_in(settings("token", header="X-Token"), x_token=secret) is expected

    def test_bearer_token(self, secret: str, expected: bool) -> None:
        assert let_in(settings("token"), authorization=f"Bearer {secret}") is expected

    def test_basic(self, secret: str, expected: bool) -> None:
        verification = settings("basic", f"atlas:{OLD}", f"atlas:{NEW}")
        assert let_in(verification, authorization=basic(f"atlas:{secret}")) is expected

    def test_github_style(self, secret: str, expected: bool) -> None:
        verification = settings("hmac", header="X-Hub-Signature-256", prefix="sha256=")
        assert let_in(verification, x_hub_signature_256="sha256=" + hex_of(secret)) is expected

    def test_shopify_style(self, secret: str, expected: bool) -> None:
        verification = settings("hmac", header="X-Shopify-Hmac-Sha256", encoding="base64")
        assert let_in(verification, x_shopify_hmac_sha256=base64_of(secret)) is expected

    @pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
    def test_every_hash(self, secret: str, expected: bool, algorithm: str) -> None:
        assert let_in(settings("hmac", hash=algorithm), x_signature=hex_of(secret, algorithm=algorithm)) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
class TestTolerance:
    def test_stripe_style(self, seconds: int, expected: bool) -> None:
        at = str(int((ARRIVED + timedelta(seconds=seconds)).timestamp()))
        signature = hex_of(NEW, at.encode() + b"." + BODY)
        verification = settings("hmac", header="Stripe-Signature", signed="timestamp.body")
        assert let_in(verification, stripe_signature=f"t={at},v1={signature}") is expected

    def test_standard_webhooks(self, seconds: int, expected: bool) -> None:
        assert let_in(standard(), **signed_standard(KEY_NEW, seconds)) is expected


@pytest.mark.parametrize(
    "header",
    [
        "", "t=,v1=", "t=now,v1=00", "v1=00", "t=1", "t=1,t=2,v1=00", "t=99999999999999,v1=00", "t=１,v1=00",
        "t=-1,v1=00", "t=1.5,v1=00", "=,=", ",,,", "t=1772366400,v1=zz", "t=1772366400,v0=00", "\xff\xfe",
    ],
)  # fmt: skip
def test_malformed_stripe_headers_are_not_authentic(header: str) -> None:
    assert not let_in(settings("hmac", header="Stripe-Signature", signed="timestamp.body"), stripe_signature=header)


def test_stripe_header_may_carry_several_signatures_but_the_timestamp_is_signed_too() -> None:
    at = str(int(ARRIVED.timestamp()))
    good = hex_of(NEW, at.encode() + b"." + BODY)
    verification = settings("hmac", header="Stripe-Signature", signed="timestamp.body")
    assert let_in(verification, stripe_signature=f"t={at},v1={'0' * 64},v0=x,v1={good}")
    assert not let_in(verification, stripe_signature=f"t={int(at) + 1},v1={good}")


def test_a_signature_is_of_this_body_with_this_prefix() -> None:
    verification = settings("hmac", prefix="sha256=")
    assert not let_in(verification, x_signature=hex_of(NEW))
    assert not lets_in_body(verification, BODY + b" ", {"x-signature": "sha256=" + hex_of(NEW)})
    assert not let_in(verification, x_signature="sha256=")


KEY_OLD, KEY_NEW = (f"whsec_{base64.b64encode(bytes([number]) * 24).decode()}" for number in (1, 2))


def standard(**more: Any) -> VerificationSettings:
    return settings("standard-webhooks", KEY_OLD, KEY_NEW, **more)


def signed_standard(key: str, seconds: int = 0, body: bytes = BODY) -> dict[str, str]:
    """Signed by the scheme's reference library."""
    at = ARRIVED.astimezone(UTC) + timedelta(seconds=seconds)
    signature = Webhook(key).sign("msg_1", at, body.decode())
    return {"webhook_id": "msg_1", "webhook_timestamp": str(int(at.timestamp())), "webhook_signature": signature}


def test_standard_webhooks_takes_both_live_secrets_and_any_of_several_signatures() -> None:
    assert let_in(standard(), **signed_standard(KEY_OLD))
    headers = signed_standard(KEY_NEW)
    headers["webhook_signature"] = (
        f"v1a,AAAA v1,notbase64! v1,{base64.b64encode(b'x' * 32).decode()} " + headers["webhook_signature"]
    )
    assert let_in(standard(), **headers)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_id": "msg_2"}, {"webhook_id": ""}, {"webhook_timestamp": "x"}, {"webhook_timestamp": ""},
        {"webhook_signature": ""}, {"webhook_signature": "v1"}, {"webhook_signature": "v1,"},
        {"webhook_signature": "v2,AAAA"}, {"webhook_signature": "v1,\xff"},
    ],
)  # fmt: skip
def test_standard_webhooks_refuses_what_is_changed_or_malformed(change: dict[str, str]) -> None:
    assert not let_in(standard(), **(signed_standard(KEY_NEW) | change))


def test_standard_webhooks_signs_bytes_that_are_not_text() -> None:
    headers = signed_standard(KEY_NEW)
    signed = b"msg_1." + headers["webhook_timestamp"].encode() + b".\xff\xfe"
    key = base64.b64decode(KEY_NEW.removeprefix("whsec_"))
    headers["webhook_signature"] = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert lets_in_body(standard(), b"\xff\xfe", headers)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic x", "bearer  ", "Basic é", "Basic " + "=" * 9])
@pytest.mark.parametrize("name", ["token", "basic"])
def test_malformed_authorization_is_not_authentic(name: str, header: str) -> None:
    assert not let_in(settings(name, "user:password"), authorization=header)


@given(st.text(max_size=200), st.sampled_from(["token", "basic", "hmac", "stripe", "standard"]))
def test_no_header_value_makes_a_scheme_fail_in_another_way(value: str, name: str) -> None:
    named = {"stripe": settings("hmac", signed="timestamp.body"), "standard": standard()}
    verification = named.get(name) or settings(name, "user:password")
    headers = {"authorization": value, "x_signature": value}
    headers |= {"webhook_id": value, "webhook_timestamp": value, "webhook_signature": value}
    assert not let_in(verification, **headers)


@pytest.mark.parametrize(
    ("verification", "wrong"),
    [
        (VerificationSettings(), None),
        (VerificationSettings(secrets=(SecretStr("x"),)), "scheme none takes no secrets"),
        (VerificationSettings(scheme="hmac"), "needs one or two secrets"),
        (VerificationSettings(scheme="token", secrets=(SecretStr(""),)), "needs one or two secrets"),
        (VerificationSettings(scheme="basic", secrets=(SecretStr("nocolon"),)), "user:password"),
        (VerificationSettings(scheme="standard-webhooks", secrets=(SecretStr("whsec_*"),)), "whsec_<base64>"),
        (VerificationSettings(scheme="standard-webhooks", secrets=(SecretStr("whsec_"),)), "whsec_<base64>"),
        (standard(), None),
    ],
)
def test_settings_that_can_never_work_are_named(verification: VerificationSettings, wrong: str | None) -> None:
    found = scheme.wrong_settings(verification)
    assert found == wrong if wrong is None else wrong in (found or "")


def test_signatures_are_kept_with_the_event_and_shared_secrets_are_not() -> None:
    assert scheme.signed_headers(settings("hmac", header="X-Hub-Signature-256")) == {"x-hub-signature-256"}
    assert scheme.signed_headers(standard()) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert scheme.signed_headers(settings("token", header="X-Token")) == frozenset()
    assert scheme.signed_headers(settings("basic", "a:b")) == frozenset()
