"""What is wrong as HTTP, by name: the bytes, and how many answers they may get at the most. None may be a 5xx."""

from collections.abc import Mapping

Raw = tuple[bytes, int]

_END = b"\r\n\r\n"
_HIDDEN = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""A request behind a request: whether it is one depends on where the first one ends."""
_LENGTHS = ("-1", "+2", "0x2", "2 2", "2,2", "2, 3", "", "two", "1e1", "9" * 30, "18446744073709551616", "2.0")
_CODINGS = ("xchunked", "chunked, chunked", "identity", "gzip", "chunked, identity", " chunked", "chunked\t")
_CHUNKS = (
    *(b"zz\r\n", b"-1\r\n{}\r\n", b"2\r\n{}X\r\n0\r\n\r\n", b"2\n{}\n0\n\n", _END, b"2 \r\n{\r\n", b";\r\n", b"0"),
    *(b"F" * 17 + b"\r\n{}", b"7FFFFFFFFFFFFFFF\r\n{}", b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n"),
    b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
)


def raw_requests(path: bytes) -> Mapping[str, Raw]:
    """All of them, for a path that takes bodies."""
    post = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n"
    return _of_bodies(post) | _of_heads(path, post) | _of_protocols(path, post)


def _of_bodies(post: bytes) -> dict[str, Raw]:
    coded = b"2\r\n{}\r\n0\r\n\r\n" + _HIDDEN
    chunked = post + b"Transfer-Encoding: chunked" + _END
    zero = b"Content-Length: 4\r\nTransfer-Encoding: chunked" + _END + b"0\r\n\r\n"
    return {
        **{f"length {word}": (post + b"Content-Length: " + word.encode() + _END + b"{}", 1) for word in _LENGTHS},
        **{f"coding {word}": (post + b"Transfer-Encoding: " + word.encode() + _END + coded, 2) for word in _CODINGS},
        **{f"chunk {number}": (chunked + wrong, 1) for number, wrong in enumerate(_CHUNKS)},
        "lengths differ": (post + b"Content-Length: 2\r\nContent-Length: 40" + _END + b"{}" + _HIDDEN, 1),
        "length and coding": (post + zero + _HIDDEN, 2),
        "expectation": (post + b"Expect: 200-ok\r\nContent-Length: 2" + _END + b"{}", 1),
        "pipeline": ((post + b"Content-Length: 2" + _END + b"{}") * 50, 50),
    }


def _of_heads(path: bytes, post: bytes) -> dict[str, Raw]:
    two = b"Content-Length: 2" + _END + b"{}"
    return {
        "no host": (b"POST " + path + b" HTTP/1.1\r\n" + two, 1),
        "two hosts": (post + b"Host: y\r\n" + two, 1),
        "NUL in a target": (b"POST " + path + b"\0 HTTP/1.1\r\nHost: x" + _END, 1),
        "NUL in a name": (post + b"a\0: b" + _END, 1),
        "NUL in a value": (post + b"a: b\0" + _END, 1),
        "NULs": (b"\0" * 10_000, 1),
        "bare LF": (post.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}", 1),
        "bare CR": (post + b"a: b\rc: d" + _END, 1),
        "folded": (post + b"a: b\r\n c" + _END, 1),
        "space before a colon": (post + b"Content-Length : 2" + _END + b"{}", 1),
        "no colon": (post + b"abc" + _END, 1),
        "long target": (b"POST " + path + b"?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x" + _END, 1),
        "long method": (b"A" * 70_000 + b" / HTTP/1.1\r\nHost: x" + _END, 1),
        "long header": (post + b"a: " + b"b" * 2_000_000 + _END, 1),
        "many headers": (post + b"a: b\r\n" * 5_000 + _END, 1),
        "endless headers": (post + b"a: b\r\n" * 200_000, 1),
        "nothing": (b"", 0),
        "line breaks": (b"\r\n" * 1000, 1),
    }


def _of_protocols(path: bytes, post: bytes) -> dict[str, Raw]:
    two = b"Content-Length: 2" + _END + b"{}"
    to_h2c = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA"
    return {
        "HTTP/1.0": (b"POST " + path + b" HTTP/1.0\r\n" + two, 1),
        "HTTP/0.9": (b"GET /livez\r\n", 1),
        "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 64, 1),
        "HTTP/9": (b"POST " + path + b" HTTP/9.9\r\nHost: x" + _END, 1),
        "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, 1),
        "CONNECT": (b"CONNECT x:80 HTTP/1.1\r\nHost: x" + _END, 1),
        "absolute target": (b"POST http://x" + path + b" HTTP/1.1\r\nHost: x\r\n" + two, 1),
        "upgrade": (post + b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13" + _END, 1),
        "upgrade to h2c": (post + to_h2c + _END, 1),
    }
