"""JSON as parties send it: read without losing anything, and written in one canonical form."""

import json
import re
from typing import Any, NoReturn

import orjson

_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class NotJson(ValueError):
    """The bytes are not one UTF-8 JSON object. The text says where, not what."""


def parse(body: bytes) -> dict[str, Any]:
    """Read a JSON object with integers of any length kept exact; a byte order mark is passed over. Raises NotJson.

    The standard library's reader, since orjson turns integers beyond 64 bits into inexact floats, and refuses escaped
    lone surrogates, which the grammar of RFC 8259 allows.
    """
    try:
        document = _READER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise NotJson("nested too deep") from error
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON at character {error.pos}: {error.msg}") from error
    except ValueError as error:
        raise NotJson("not JSON: a number out of range") from error
    if not isinstance(document, dict):
        raise NotJson("not a JSON object")
    return document


def canonical(value: object) -> bytes:
    """One spelling per content: sorted keys, no white space. Raises UnicodeEncodeError for lone surrogates."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unstorable(body: bytes, document: object) -> str | None:
    """What Postgres text cannot hold: "NUL" or "lone surrogate", or None. Both can only come from an escape."""
    if _SUSPECT_ESCAPE.search(body) is None:
        return None
    pending: list[object] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str):
            if "\0" in value:
                return "NUL"
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                return "lone surrogate"
    return None


def scalar_text(value: object) -> str | None:
    """Text of a string or number, else None: parties mix the two (contracts/README.md, "Rules that hold", 1)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)


def whole_number(value: object) -> int | None:
    """The value of an integer or numeric string that fits 32 bits; else None."""
    text = scalar_text(value)
    if text is None or re.fullmatch(r"\s*[+-]?[0-9]{1,10}(?:\.0+)?\s*", text, re.ASCII) is None:
        return None
    number = int(text.split(".", maxsplit=1)[0])
    return number if -(2**31) <= number < 2**31 else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(text)
    return number


_READER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
"""Made once: to make one takes as long as to read a small document."""
