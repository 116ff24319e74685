"""The body of a call as it may be kept: personal data masked, whatever the dialect (DESIGN §2 rule 10)."""

import orjson

MASK = "***"
PERSONAL = frozenset(
    {
        "birthday",
        "cardexpired",
        "cardnum",
        "contact",
        "contacts",
        "document_expires",
        "document_number",
        "email",
        "mobile",
        "phone",
        "phonenumber",
        "telephone",
    }
)
"""Names of fields, in lower case, in any dialect: documents, birthdays, contacts."""

UNKNOWN = "extra"
"""What a party sent beyond our fields: nobody knows what it holds."""


def masked(body: bytes) -> bytes | None:
    """The JSON body with personal values masked; None for what is no JSON, for it cannot be told what is in it."""
    try:
        return orjson.dumps(_mask(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return None


def _mask(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: MASK if content and (name == UNKNOWN or str(name).lower() in PERSONAL) else _mask(content)
            for name, content in value.items()
        }
    if isinstance(value, list):
        return [_mask(content) for content in value]
    return value
