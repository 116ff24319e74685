"""Secrets at rest: encrypted under the newest key, readable under every listed key, so that keys can be rotated."""

from collections.abc import Sequence
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from runtime.errors import ConfigurationError


class SecretBox:
    """Fernet (AES-128-CBC with HMAC-SHA-256) over JSON."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Raise ConfigurationError when there is no key, or one that is none."""
        if not keys:
            raise ConfigurationError(
                "encryption_keys is empty: endpoints' secrets could not be kept",
                hint="set TICKETWIRE_ENCRYPTION_KEYS to a JSON list with one key made by: ticketwire doctor --new-key",
            )
        try:
            self._box = MultiFernet([Fernet(key.get_secret_value()) for key in keys])
        except ValueError as error:
            raise ConfigurationError(
                "encryption_keys holds something that is no Fernet key (32 bytes, URL-safe base64)",
                hint="make one with: ticketwire doctor --new-key",
            ) from error

    def seal(self, value: dict[str, Any]) -> bytes:
        return self._box.encrypt(orjson.dumps(value))

    def open(self, sealed: bytes) -> dict[str, Any]:
        """Raise ConfigurationError when no listed key fits."""
        try:
            opened: dict[str, Any] = orjson.loads(self._box.decrypt(sealed))
        except InvalidToken:
            raise ConfigurationError(
                "an endpoint's secrets cannot be read with the configured encryption_keys",
                hint="add the key they were sealed with to the end of encryption_keys",
            ) from None
        return opened


def new_key() -> str:
    return Fernet.generate_key().decode()
