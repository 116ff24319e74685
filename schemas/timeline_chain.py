"""An exported timeline as a chain of hashes: whoever changes, adds, drops or moves a line of it breaks what follows.

The file is JSON lines. The first says what it is, the last closes it, and each line's hash covers all before it:

    {"hash": H0, "head": {"format": "ticketwire-timeline/1", "order_no", "source", "exported_at", "code_version", …}}
    {"entry": {"at", "kind", "id", "entry": {…}}, "hash": H1}
    …
    {"end": {"entries": n, "hash": Hn, "key": …, "signature": …}}

H0 = SHA-256(canonical(head)) and Hn = SHA-256(Hn-1 + canonical(entry n)), hashes as 64 hexadecimal digits. `canonical`
is JSON after RFC 8785: UTF-8, keys sorted, no white space, nothing escaped that need not be; numbers are as Python's
json writes them, which differs from the RFC for exponents and integers beyond 2^53. The signature covers
`signed_message(Hn)`; docs/decisions/0042 says whose it is and what it proves.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = "ticketwire-timeline/1"


@dataclass(frozen=True, slots=True)
class Intact:
    """Every line follows from the one before. The signature is still to be checked, over `signed_message(hash)`."""

    head: Mapping[str, Any]
    entries: int
    hash: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line (from 1) that does not follow from those before it, and how."""

    line: int
    text: str


class ChainWriter:
    """Writes the lines one after the other. `hash` covers all that were written."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        self.hash = ""
        self.entries = 0
        self._head = {"format": FORMAT, **head}

    def begin(self) -> bytes:
        self.hash = next_hash("", self._head)
        return _line({"head": self._head, "hash": self.hash})

    def add(self, entry: Mapping[str, Any]) -> bytes:
        self.hash = next_hash(self.hash, entry)
        self.entries += 1
        return _line({"entry": entry, "hash": self.hash})

    def end(self, *, key: str, signature: str) -> bytes:
        return _line({"end": {"entries": self.entries, "hash": self.hash, "key": key, "signature": signature}})


def check_chain(lines: Iterable[bytes]) -> Intact | Broken:
    """Follow the chain from the first line on."""
    reader = _Reader(lines)
    try:
        return _follow(reader)
    except _NotSo as found:
        return Broken(reader.line, str(found))


def next_hash(before: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(before.encode() + canonical(content)).hexdigest()


def signed_message(hash_: str) -> bytes:
    """What is signed: the format too, so that the signature can stand for nothing else."""
    return f"{FORMAT}\n{hash_}".encode()


def canonical(value: Any) -> bytes:
    """The one way to write this value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _line(document: Mapping[str, Any]) -> bytes:
    return canonical(document) + b"\n"


class _NotSo(Exception):
    """The line read last does not follow; the text says how."""


class _Reader:
    """Reads objects, a line each. `line`: the number of the one read last."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.line = 0
        self._lines = iter(lines)

    def next(self) -> dict[str, Any] | None:
        """None when there is no further line; raises _NotSo for one that we have not written so."""
        self.line += 1
        line = next(self._lines, None)
        if line is None:
            return None
        try:
            document = json.loads(line)
            as_written = canonical(document) == line.rstrip(b"\r\n")
        except (ValueError, RecursionError):
            document, as_written = None, False
        if not isinstance(document, dict):
            raise _NotSo("it is no JSON object")
        if not as_written:  # such as a name that stands twice, to be read in two ways
            raise _NotSo("it is not written canonically: it was changed")
        return document


def _follow(reader: _Reader) -> Intact:
    first = reader.next()
    head = _part(first, "head")
    if first is None or head is None or head.get("format") != FORMAT:
        raise _NotSo(f"it is no head of the format {FORMAT}")
    hash_, entries = next_hash("", head), 0
    if first.get("hash") != hash_:
        raise _NotSo("the head does not have the hash beside it: it was changed")
    while (document := reader.next()) is not None:
        end, entry = _part(document, "end"), _part(document, "entry")
        if end is not None:
            return _close(reader, end, head=head, entries=entries, hash_=hash_)
        if entry is None:
            raise _NotSo("it is neither an entry nor the end")
        hash_, entries = next_hash(hash_, entry), entries + 1
        if document.get("hash") != hash_:
            raise _NotSo("it does not follow from the line before: here one was changed, added, dropped or moved")
    raise _NotSo("the end is missing: the file was cut short")


def _close(reader: _Reader, end: Mapping[str, Any], *, head: Mapping[str, Any], entries: int, hash_: str) -> Intact:
    if (end.get("entries"), end.get("hash")) != (entries, hash_):
        raise _NotSo(f"it closes a chain of {end.get('entries')} entries; {entries} stand here")
    key, signature = end.get("key"), end.get("signature")
    if not isinstance(key, str) or not isinstance(signature, str):
        raise _NotSo("it has no signature")
    if reader.next() is not None:
        raise _NotSo("the chain was closed on the line before")
    return Intact(head, entries, hash_, key, signature)


def _part(document: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    part = None if document is None else document.get(name)
    return part if isinstance(part, dict) else None
