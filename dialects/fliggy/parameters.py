"""The parameters of a TOP call: from the form or JSON body, and from the query.

A JSON body is ours, for callers without a form encoder (the digest knows the form only). Its keys are the parameters;
for the signature a text counts as the text it means, anything else as it is written in the body, to the letter (null
as empty): so the caller need not guess how we would print an object, and nothing that is signed can be read two ways.
"""

import json
import re
from collections import Counter
from urllib.parse import parse_qsl

from dialects.fliggy.platform_errors import PlatformError, Refusal
from dialects.json_document import NotJson, parse

METHOD = "alitrip.ship.order.notify"
ORDER = "confirm_book_r_q"
MAX_PARAMETERS = 100

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_UTF8_BOM = b"\xef\xbb\xbf"


def parameters(body: bytes, query: str) -> dict[str, str]:
    """All parameters by name; raises Refusal. Whether a body is JSON is seen by its first character: the content type
    of a stored event may be a default (ingest), and some clients send JSON under a form's.
    """
    pairs = _form(query.encode("latin-1", "replace"), "query")
    if body.removeprefix(_UTF8_BOM).lstrip()[:1] == b"{":
        pairs += _json(body)
    else:
        pairs += _form(body, "body")
    (name, times), *_ = Counter(name for name, _ in pairs).most_common(1) or [("", 0)]
    if times > 1:
        raise _refusal(f"parameter {name[:60]!r} is given {times} times")
    return dict(pairs)


def _form(content: bytes, place: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            content.removeprefix(_UTF8_BOM).decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        raise _refusal(f"the {place} is not UTF-8") from None
    except ValueError:
        raise _refusal(f"the {place} has more than {MAX_PARAMETERS} parameters") from None


def _json(body: bytes) -> list[tuple[str, str]]:
    """The object's members in their order, with repeated ones, which a dict would hide."""
    try:
        parse(body)
    except NotJson as error:
        raise _refusal(f"the body is {error}") from None
    text = body.decode("utf-8-sig")
    pairs = []
    at = _after_space(text, text.index("{") + 1)
    while text[at] != "}":
        name, end = _DECODER.raw_decode(text, at)
        at = _after_space(text, _after_space(text, end) + 1)
        value, end = _DECODER.raw_decode(text, at)
        pairs.append((name, _meant(value, text[at:end])))
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)
    return pairs


def _meant(value: object, written: str) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else written


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _refusal(detail: str) -> Refusal:
    return Refusal("not-parameters", PlatformError.PARAMETER_ERROR, detail)
