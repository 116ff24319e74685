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

_NESTED = (dict, list)
"""Made once: every field of every body is held against it."""


def masked(body: bytes, private: Set[str]) -> bytes | None:
    """The body with private values masked: JSON, or a form whose values may be JSON.

    None for what is neither, for it cannot be told what is in it. `private` are names in lower case.
    """
    names = PERSONAL | private
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _masked_form(body, names)
    _mask(document, names)
    return orjson.dumps(document)


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
    if not isinstance(document, dict | list):
        return value
    _mask(document, names)
    return orjson.dumps(document).decode()


def _mask(document: object, names: Set[str]) -> None:
    """In place: the document was read to be masked."""
    if isinstance(document, dict):
        for name, content in document.items():
            if not content:
                continue
            if name == UNKNOWN or name.lower() in names:
                document[name] = MASK
            elif isinstance(content, _NESTED):
                _mask(content, names)
    elif isinstance(document, list):
        for item in document:
            _mask(item, names)
