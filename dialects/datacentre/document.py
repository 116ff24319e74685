"""Its JSON, read so that a number is the text it was written as: the token is over literal strings, and everything
scalar in the document's sample is a string (datacentre-ticket-order.md, "`token`", inconsistencies 9, 14 and 27)."""

import json
from typing import Any, NoReturn

from dialects.contract import Unreadable
from dialects.json_document import NotJson, scalar_text, unstorable


def parse(body: bytes) -> dict[str, Any]:
    """One UTF-8 JSON object, its numbers as text; a byte order mark is passed over. Raises NotJson."""
    try:
        document = _load(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise NotJson("nested too deep") from error
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON at character {error.pos}: {error.msg}") from error
    except ValueError as error:
        raise NotJson(f"not JSON: {error} is no number") from error
    if not isinstance(document, dict):
        raise NotJson("not a JSON object")
    return document


def decoded(value: object) -> object:
    """What a text of JSON holds, decoded once; any other value, and any other text, as it is (inconsistency 9).

    Raises Unreadable when the decoded value cannot be kept: an escape may have hidden it from the check of the body.
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        inner = _load(value)
    except (ValueError, RecursionError):
        return value
    if found := unstorable(value.encode(), inner):
        raise Unreadable("text-not-storable", f"a text holds a {found}")
    return inner


def objects(value: object, place: str) -> list[dict[str, Any]]:
    """A list of objects, for which a single object may stand (inconsistency 27); what is missing or empty is none."""
    value = decoded(value)
    if value is None or value in ("", []):
        return []
    given = value if isinstance(value, list) else [value]
    found = [one for one in given if isinstance(one, dict)]
    if len(found) < len(given):
        raise Unreadable("element-unreadable", f"{place} is neither an object nor a list of objects")
    return found


def text_of(value: object) -> str:
    """A scalar's text as it came; empty for anything else."""
    return scalar_text(value) or ""


def _load(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
