"""Hostile calls of the console's API: every operation of its OpenAPI document, asked with rubbish in every place."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from tests.hostile import mutate
from tests.hostile.talk import Answer, request

_WORDS = [value for value in mutate.VALUES if isinstance(value, str)] + [
    *("0" * 32, "msg_" + "0" * 32, "00000000-0000-0000-0000-000000000000", "a/b/c", "timeline", "context", "W10"),
    *("2026-01-01T00:00:00Z", "2026-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "١٢٣", "500", "501"),
]
_MEDIA = (b"application/json", b"application/json", b"application/json", b"text/plain", b"", b"multipart/form-data")
_BODIES: tuple[Any, ...] = (
    {"name": "fuzzed", "url": "http://127.0.0.1:9/", "dialect": "standard", "event_types": ["order.void"]},
    {"name": "x", "url": "http://127.0.0.1:9/", "rate_limit": 5, "headers": {"X-A": "b"}, "filter": {"sources": ["a"]}},
    {"timeout_seconds": 3, "max_in_flight": 2, "credentials": {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}},
    {"reason": "a test", "ids": [1], "limit": 5, "state": "parked", "callbacks": "suppress", "mode": "dry-run"},
    {"types": ["order.void"], "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "order_no": "A1"},
)


@dataclass(frozen=True, slots=True)
class Case:
    """A call, with the token or without."""

    kind: str
    method: str
    sent: bytes

    def problem(self, answer: Answer) -> str | None:
        """What is wrong with the answer, or None."""
        if answer.status in (400, 414, 431) and not answer.body:
            return None  # the server's own refusal of a head
        if answer.status >= 500 or 300 <= answer.status < 400:
            return f"status {answer.status}"
        if answer.media != "application/json":
            return f"content type {answer.media!r}"
        try:
            said = orjson.loads(answer.body)
        except ValueError as error:
            return f"not JSON: {error}"
        return _form(said) if answer.status >= 400 else None


def _form(said: Any) -> str | None:
    known = set(said) == {"error"} and set(said["error"]) == {"code", "message", "hint"}
    return None if known else "a refusal that is not in the one form"


class ConsoleCases:
    """Cases from the OpenAPI document; `known` are ids and names that exist, so that some calls find something."""

    def __init__(self, described: Mapping[str, Any], token: str, known: Sequence[str] = ()) -> None:
        self._token = token.encode()
        self._words = (_WORDS, [*known, "fuzzed", "x"])
        self._operations = [
            (method.upper(), path, operation)
            for path, operations in sorted(described["paths"].items())
            for method, operation in sorted(operations.items())
        ]

    def draw(self, chance: random.Random) -> Case:
        """One case."""
        method, path, operation = chance.choice(self._operations)
        target = re.sub(r"\{[^}]+\}", lambda _: self._word(chance), path)
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        asked = [chance.choice([*names, "unknown"]) for _ in range(chance.choice((0, 1, 1, 3)))]
        if asked:
            target += "?" + "&".join(f"{name}={self._word(chance)}" for name in asked)
        kind = "console query"
        body, headers = b"", []
        if method in {"POST", "PUT", "PATCH"} or chance.random() < 0.05:
            kind = "console body"
            body = mutate.written(mutate.document(chance, chance.choice(_BODIES)))
            body = mutate.text(chance, body) if chance.random() < 0.3 else body
            headers.append((b"Content-Type", chance.choice(_MEDIA)))
        if chance.random() < 0.03:
            return Case("console stranger", method, request(method, target.encode(), headers, body))
        headers.append((b"Authorization", b"Bearer " + self._token))
        return Case(kind, method, request(method, target.encode(), headers, body))

    def _word(self, chance: random.Random) -> str:
        word = chance.choice(chance.choice(self._words))[:3000]
        return quote(word.encode("utf-8", "surrogatepass"), safe=chance.choice(("", "/")))
