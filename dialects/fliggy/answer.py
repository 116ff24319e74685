"""An answer's fields, from JSON or XML, with and without the root (fliggy-ship-order-notify.md, inconsistency 15)."""

import re
from typing import Any
from xml.parsers import expat

from dialects.json_document import NotJson, parse

MAX_DEPTH = 32
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


class UnreadableAnswer(ValueError):
    """The body is neither a JSON object nor XML."""


def read_answer(body: bytes) -> dict[str, Any]:
    """Fields by name, nested as they came; raises UnreadableAnswer."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text.startswith(b"<"):
        try:
            return parse(text)
        except NotJson as error:
            raise UnreadableAnswer(f"the body is {error}") from None
    try:
        return _xml(text.decode())
    except UnicodeDecodeError:
        raise UnreadableAnswer("the body is not UTF-8") from None
    except expat.ExpatError as error:
        raise UnreadableAnswer(f"the body is not XML: {expat.errors.messages.get(error.code, 'error')}") from None


def _xml(text: str) -> dict[str, Any]:
    """Elements as a dict; repeated ones as a list, so that two verdicts are never taken for one.

    All is read inside an element of ours: so there may be several roots or none, and a document type, which stands
    only before the root, is a syntax error. With it entities of a sender's own are impossible, and their expansion.
    """
    holders: list[dict[str, list[Any]]] = [{}]
    texts: list[str] = [""]

    def start(_name: str, _attributes: dict[str, str]) -> None:
        if len(holders) > MAX_DEPTH:
            raise UnreadableAnswer(f"the body is nested deeper than {MAX_DEPTH} levels")
        holders.append({})
        texts.append("")

    def end(name: str) -> None:
        content = texts.pop().strip()
        holders[-2].setdefault(name, []).append(_collapsed(holders.pop()) or content)

    def characters(content: str) -> None:
        texts[-1] += content

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.Parse(f"<answer>{_DECLARATION.sub('', text, count=1)}</answer>".encode(), True)
    (found,) = holders[0]["answer"]
    return found if isinstance(found, dict) else {}


def _collapsed(fields: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
