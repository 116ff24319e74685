"""HTTP/1.1 as bytes, as little of it as the benchmark's own generator and receiver need."""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


def post(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole request."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def message_length(received: bytes | bytearray) -> int:
    """How long the message at the beginning is, its head and body; 0 while the head is not whole.

    Raises ValueError for a body of unknown length: neither we nor the services write such.
    """
    head = received.find(_HEAD_END)
    if head < 0:
        return 0
    found = _LENGTH.search(received, 0, head + 2)
    if found is None:
        raise ValueError(f"a message without content-length: {bytes(received[:head])!r}")
    return head + len(_HEAD_END) + int(found[1])


def status_of(answer: bytes | bytearray) -> int:
    """The status of a whole answer."""
    return int(answer[9:12])
