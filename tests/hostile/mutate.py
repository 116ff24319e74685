"""Documents that somebody spoilt: fields dropped, retyped, huge, nested, said twice; bytes in the wrong encoding.

All chance is the given `random.Random`: a seed gives the same cases again, and hypothesis can look for the smallest.
"""

import copy
import gzip
import json
import random
import re
import zlib
from typing import Any

LIMIT = 1024 * 1024
"""The largest body that ingest takes by default."""

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 7, 2**31, 2**63, 10**40, 1.5, -0.0, 1e300, float("nan"), float("inf"), float("-inf")),
    *("", " ", "0", "12", "1e9", "-1", "9" * 5000, "x" * 10_000, "null", "NaN", "TRUE", "{}", "[]", '{"a":"\\ud800"}'),
    *(
        "\0",
        "a\0b",
        "\x01\x1b\x7f\x9f",
        "\ud800",
        "\udfff\ud800",
        "a\r\nX: y",
        "\ufeff",
        "\u202eשלום\u202c",
        "🎫👩‍👩‍👧",
    ),
    *("２０２６-01-01", "9999-99-99 99:99:99", "0000-00-00", "' OR 1=1 --", "../../etc/passwd", "%00", "<a>&amp;]]>"),
    *([], {}, [[]], [{}], [None], {"": ""}, {"a": None}, {"\0": 1}, {"\ud800": 1}, [[[[[[[[1]]]]]]]], ["a", 1, None]),
]
"""What stands where something else should: of every JSON type, and texts that trip readers, writers and databases."""

_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null')
_CODECS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "latin-1", "cp037", "utf-7")


def document(chance: random.Random, sample: Any) -> Any:
    """The sample with one to four of its values spoilt."""
    spoilt = copy.deepcopy(sample)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = list(_places(spoilt))
        if not places:
            return chance.choice(VALUES)
        _spoil(chance, *chance.choice(places))
    return spoilt


def written(value: Any) -> bytes:
    """JSON as lenient writers make it, with NaN, infinities and halves of surrogate pairs."""
    return json.dumps(value, ensure_ascii=True).encode()


def text(chance: random.Random, body: bytes) -> bytes:
    """The body with its bytes spoilt in one way."""
    spoil = chance.choice(
        (_cut, _flipped, _inserted, _recoded, _squeezed, _nested, _doubled, _number, _followed, _unescaped, _sized)
    )
    return spoil(chance, body)


def _places(value: Any) -> Any:
    """Every (container, key) in the document."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from ((one, key) for key in one)
            pending.extend(one.values())
        elif isinstance(one, list):
            yield from ((one, place) for place in range(len(one)))
            pending.extend(one)


def _spoil(chance: random.Random, container: Any, key: Any) -> None:
    present = container[key]
    how = chance.randrange(8)
    if how == 0:
        del container[key]
    elif how == 1:
        container[key] = {"value": present}
    elif how == 2:
        container[key] = [present] * chance.choice((1, 2, 300))
    elif how == 3:
        container[key] = json.dumps(present)
    elif how == 4 and isinstance(container, dict):
        container[chance.choice((key.upper(), key + "\0", key * 100, "", "__proto__"))] = container.pop(key)
    else:
        container[key] = copy.deepcopy(chance.choice(VALUES))


def _cut(chance: random.Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _flipped(chance: random.Random, body: bytes) -> bytes:
    spoilt = bytearray(body)
    for _ in range(chance.choice((1, 2, 10)) if spoilt else 0):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _inserted(chance: random.Random, body: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    crumbs = (b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\u0000", b"\\ud800", b"\xc0\x80", b"//x\n", b",", b"\\", b"&a=b")
    return body[:at] + chance.choice(crumbs) + body[at:]


def _recoded(chance: random.Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(_CODECS), "replace")


def _squeezed(chance: random.Random, body: bytes) -> bytes:
    """Compressed, sometimes to a thousandth: whoever unpacks without a limit runs out of memory."""
    return gzip.compress(chance.choice((body, b" " * 10_000_000)), 1) if chance.random() < 0.5 else zlib.compress(body)


def _nested(chance: random.Random, body: bytes) -> bytes:
    depth = chance.choice((10, 200, 1000, 5000, 100_000))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return _instead(chance, body, opened * depth + b"1" + closed * depth)


def _doubled(chance: random.Random, body: bytes) -> bytes:
    """A key that is said twice, with another value."""
    keys = list(re.finditer(rb'[{,]\s*("(?:[^"\\]|\\.)*")\s*:', body))
    if not keys:
        return body + body
    key = chance.choice(keys)
    return body[: key.start() + 1] + key[1] + b":" + written(chance.choice(VALUES)) + b"," + body[key.start() + 1 :]


def _number(chance: random.Random, body: bytes) -> bytes:
    digits = b"9" * chance.choice((19, 400, 5000))
    return _instead(
        chance, body, chance.choice((digits, b"-" + digits, b"1e" + digits[:4], b"0." + digits, b"01", b"-"))
    )


def _followed(chance: random.Random, body: bytes) -> bytes:
    return body + chance.choice((b"\0", b"}", body, b"\n\n", b"garbage", b"\xff"))


def _unescaped(chance: random.Random, body: bytes) -> bytes:
    del chance
    return body.replace(b"\\", b"").replace(b'": "', b'": "\t')


def _sized(chance: random.Random, body: bytes) -> bytes:
    """Padded to about the limit."""
    size = LIMIT + chance.choice((-1, 0, 1))
    return body + chance.choice((b" ", b"\0", b"x")) * (size - len(body))


def _instead(chance: random.Random, body: bytes, token: bytes) -> bytes:
    """Another token in the place of one of the body's scalars."""
    scalars = list(_SCALAR.finditer(body))
    if not scalars:
        return token
    found = chance.choice(scalars)
    return body[: found.start()] + token + body[found.end() :]
