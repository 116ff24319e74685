"""The bodies of a call as they may be kept: personal data and secrets masked (DESIGN §2 rule 10)."""

from collections.abc import Set
from urllib.parse import parse_qsl, urlencode

import orjson

MASK = "***"
PERSONAL = frozenset(
    {"birthday", "contact", "contacts", "document_expires", "document_number", "email", "mobile", "phone"}
)
"""Names of fields, in lower case, that are personal whoever writes them; a dialect adds its own."""

UNKNOWN = "extra"
"""What a party sent beyond our fields: nobody knows what it holds."""


def masked(body: bytes, private: Set[str]) -> bytes | None:
    """The body with private values masked: JSON, or a form whose values may be JSON.

    None for what is neither, for it cannot be told what is in it. `private` are names in lower case.
    """
    names = PERSONAL | private
    try:
        return orjson.dumps(_mask(orjson.loads(body), names))
    except orjson.JSONDecodeError:
        return _masked_form(body, names)


def _masked_form(body: bytes, names: Set[str]) -> bytes | None:
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    if not fields:
        return None
    return urlencode(
        [(name, MASK if name.lower() in names else _masked_value(value, names)) for name, value in fields]
    ).encode()


def _masked_value(value: str, names: Set[str]) -> str:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return orjson.dumps(_mask(document, names)).decode() if isinstance(document, dict | list) else value


def _mask(value: object, names: Set[str]) -> object:
    if isinstance(value, dict):
        return {
            name: MASK if content and (name == UNKNOWN or str(name).lower() in names) else _mask(content, names)
            for name, content in value.items()
        }
    if isinstance(value, list):
        return [_mask(content, names) for content in value]
    return value
