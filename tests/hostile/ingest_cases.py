"""Hostile calls of ingest: spoilt documents of every party below every documented path, under spoilt heads."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialects.json_reply import CODES
from tests.hostile import mutate
from tests.hostile.parties import STRANGER, Form, Party, spoilt
from tests.hostile.talk import Answer, Header, chunked, request

_MEDIA = (
    *(b"application/json", b"application/json; charset=utf-16", b"application/x-www-form-urlencoded", b"text/xml"),
    *(b"multipart/form-data; boundary=x", b"application/octet-stream", b"", b";", b"x" * 3000, b"\xff\xfe", b"a/b\t;c"),
)
_PATHS = (b"", b"/", b"//", b"/%00", b"/..", b"/%2e%2e/%2e%2e", b"/\xff", b"/a?b?c", b"?%ff=%00", b"?" + b"a=1&" * 300)
_METHODS = ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "post")
_QUERIES = (
    b"?a=b",
    b"?method=x",
    b"?format=json",
    b"?format=xml&simplify=true",
    b"?%ed%a0%80=1",
    b"?&&==&;",
    b"?a&a&a",
)


@dataclass(frozen=True, slots=True)
class Case:
    """`form` is that of the answers expected; `plain`: the server itself may refuse it, before we see it."""

    kind: str
    method: str
    sent: bytes
    form: Form
    plain: bool = False

    def problem(self, answer: Answer) -> str | None:
        """What is wrong with the answer, or None."""
        if answer.status >= 500:
            return f"status {answer.status}: {answer.body[:200]!r}"
        if self.plain and answer.status in (400, 414, 431) and not answer.body:
            return None
        if answer.status not in CODES and answer.status != 200:
            return f"status {answer.status} is none that ingest answers"
        if self.method == "HEAD":
            return None
        return self.form.problem(answer.status, answer.media, answer.body)


class IngestCases:
    """Cases by kind."""

    def __init__(self, parties: Sequence[Party]) -> None:
        self._parties = parties
        self.kinds: tuple[tuple[Callable[[random.Random], Case], int], ...] = (
            (self._document, 12),
            (self._proven, 6),
            (self._chunked, 2),
            (self._media, 2),
            (self._headers, 3),
            (self._path, 2),
            (self._method, 1),
            (self._nobody, 1),
        )

    def draw(self, chance: random.Random) -> Case:
        """One case."""
        makers, weights = zip(*self.kinds, strict=True)
        made: Case = chance.choices(makers, weights)[0](chance)
        return made

    def _document(self, chance: random.Random) -> Case:
        party = chance.choice(self._parties)
        body, media = party.call(spoilt(chance, party))
        return self._case("document", party, body, [(b"Content-Type", media.encode())])

    def _proven(self, chance: random.Random) -> Case:
        party = chance.choice(self._parties)
        body, media = party.proven(spoilt(chance, party))
        if chance.random() < 0.2:
            body = mutate.text(chance, body)
        return self._case("proven", party, body, [(b"Content-Type", media.encode())], source=f"{party.name}-proven")

    def _chunked(self, chance: random.Random) -> Case:
        party = chance.choice(self._parties)
        body, media = party.call(spoilt(chance, party))
        sizes = [chance.choice((1, 7, 100, 4096)) for _ in range(3)] if len(body) < 10_000 else [65_536]
        headers = [(b"Content-Type", media.encode()), (b"Transfer-Encoding", b"chunked")]
        return self._case("chunked", party, chunked(body, sizes), headers)

    def _media(self, chance: random.Random) -> Case:
        party = chance.choice(self._parties)
        headers = [(b"Content-Type", chance.choice(_MEDIA)) for _ in range(chance.choice((1, 1, 2)))]
        if chance.random() < 0.3:
            headers.append((b"Content-Encoding", chance.choice((b"gzip", b"br", b"identity, identity", b"x"))))
        body = mutate.text(chance, party.call(mutate.written(chance.choice(party.documents)))[0])
        return self._case("media", party, body, headers)

    def _headers(self, chance: random.Random) -> Case:
        party = chance.choice(self._parties)
        body, media = party.call(spoilt(chance, party))
        names, words = (_NAMES + _ILL_NAMES, _WORDS + _ILL_WORDS) if chance.random() < 0.2 else (_NAMES, _WORDS)
        junk = [(chance.choice(names), chance.choice(words)) for _ in range(chance.choice((1, 5, 60, 200)))]
        headers = [(b"Content-Type", media.encode()), *junk]
        return self._case("headers", party, body, headers, plain=True, source=chance.choice(("", "-proven")))

    def _path(self, chance: random.Random) -> Case:
        party = chance.choice(self._parties)
        body, media = party.call(mutate.written(chance.choice(party.documents)))
        path = chance.choice((*_PATHS, *(p.path.encode() for p in self._parties))) + chance.choice(_QUERIES)
        return self._case("path", party, body, [(b"Content-Type", media.encode())], path=path, plain=True)

    def _method(self, chance: random.Random) -> Case:
        return self._case(
            "method", chance.choice(self._parties), spoilt_bytes(chance), [], method=chance.choice(_METHODS), plain=True
        )

    def _nobody(self, chance: random.Random) -> Case:
        target = chance.choice((b"/", b"/in", b"/in/", b"/in/nobody", b"/in/%00", b"/livez/", b"/IN/x", b"*"))
        sent = request("POST", target, [], spoilt_bytes(chance))
        return Case("nobody", "POST", sent, STRANGER, plain=True)

    def _case(
        self,
        kind: str,
        party: Party,
        body: bytes,
        headers: Sequence[Header],
        *,
        method: str = "POST",
        source: str = "",
        path: bytes | None = None,
        plain: bool = False,
    ) -> Case:
        name = source if source.startswith(party.name) else party.name + source
        target = b"/in/" + name.encode() + (party.path.encode() if path is None else path)
        return Case(kind, method, request(method, target, headers, body), party.form, plain)


def spoilt_bytes(chance: random.Random) -> bytes:
    """Some bytes that mean nothing."""
    return chance.randbytes(chance.choice((0, 1, 50, 5000)))


_NAMES = (
    *(b"X-Junk", b"Authorization", b"traceparent", b"Cookie", b"x-sign", b"Accept-Encoding", b"Range", b"Via", b"Date"),
    *(b"X-HTTP-Method-Override", b"Upgrade", b"Forwarded", b"X" * 900),
)
_WORDS = (
    *(b"", b"x", b"Basic Og==", b"Bearer \xff", b"t=1,v1=00", b"00-" + b"0" * 32 + b"-01", b"h2c", b"websocket"),
    *(b"a" * 900, b"\xff\xfe\xed", b"a\tb", b"9" * 40, b"gzip;q=0", b"\xe2\x80\xae"),
)
_ILL_NAMES = (b"\xe4", b"a b", b"", b"a\x00")
_ILL_WORDS = (b"a\x00b", b"a\rb", b"a\nb c")
