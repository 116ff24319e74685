"""Signatures that anybody can check with the hub's public key: Ed25519 (RFC 8032), keys and signatures in hex.

Each private key is derived from one of the hub's encryption keys (HKDF, RFC 5869), so there is nothing more to keep and
rotate; nothing of an encryption key can be learned from a public key.
"""

import base64
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_PURPOSE = b"ticketwire signature of exports 1"


def sign(message: bytes, keys: Sequence[SecretStr]) -> tuple[str, str]:
    """(public key, signature), by the newest of these encryption keys."""
    private = _private(keys[0])
    return _public(private), private.sign(message).hex()


def public_keys(keys: Sequence[SecretStr]) -> list[str]:
    """The public key of each of these encryption keys, the newest first."""
    return [_public(_private(key)) for key in keys]


def is_signed(message: bytes, *, key: str, signature: str) -> bool:
    """Whether this public key's owner signed the message. False, too, for what is no key or no signature."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (ValueError, InvalidSignature):
        return False
    return True


def _private(key: SecretStr) -> Ed25519PrivateKey:
    secret = base64.urlsafe_b64decode(key.get_secret_value())
    return Ed25519PrivateKey.from_private_bytes(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
    )


def _public(private: Ed25519PrivateKey) -> str:
    return private.public_key().public_bytes_raw().hex()
