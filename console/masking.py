"""Personal data out of sight (DESIGN §2 rule 10): who can read the console need not read passports."""

from typing import Any

MASK = "***"
_PERSONAL = frozenset({"birthday", "document_number", "document_expires"})
# What a party sent beyond our fields: nobody knows what it holds, and contacts are likely.
_UNKNOWN = frozenset({"extra"})


def masked(value: Any) -> Any:
    """A copy of a canonical event, a journal entry or a part of one, without personal data."""
    if isinstance(value, dict):
        return {name: _masked_field(name, content) for name, content in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    return value


def _masked_field(name: str, content: Any) -> Any:
    if name in _PERSONAL:
        return MASK if content else content
    return _hidden(content) if name in _UNKNOWN else masked(content)


def _hidden(value: Any) -> Any:
    """The same shape with every value masked, so that one still sees that there is something."""
    if isinstance(value, dict):
        return {name: _hidden(content) for name, content in value.items()}
    if isinstance(value, list):
        return [_hidden(part) for part in value]
    return value if value is None else MASK
