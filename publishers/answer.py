"""One answer of a partner, read from its bytes as they come (RFC 9112).

httptools (llhttp, the parser of Node.js) finds where names, values and bodies begin and end; what an answer may be, and
when it is whole, is said here.
"""

from typing import NamedTuple

import httptools

from dialects.contract import Answer

HEAD_BYTES = 64 * 1024
"""More before the body is no answer that anybody means."""


FRAMING = 8
"""So many times as many bytes as its body may have, an answer may have: chunks of a byte have a line of their own."""


class NotHttp(Exception):
    """What came is no answer in HTTP/1.1; the text says what is wrong, and nothing of what came."""


class Answered(NamedTuple):
    """An answer came. `cut` says why its body is not whole: "", too-large, timeout or body-cut."""

    answer: Answer
    cut: str = ""


class AnswerReader:
    """Reads the answers of one connection, one after the other: `begin`, then `feed` until `is_whole`.

    `status` is 0 until the head is whole. `keeps`: another request may follow on this connection. A body beyond
    `max_bytes` is kept up to there, and `is_too_large`; so is one that comes with many more bytes around it.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        # As other clients read them; what an answer of ours says is not passed on to anybody who might read otherwise.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True)
        self.begin()

    def begin(self) -> None:
        """Expect the next answer."""
        self.status = 0
        self.is_whole = self.is_too_large = self.keeps = False
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._fed_bytes = 0
        self._has_surplus = False
        self._ends_with_connection = False

    def close(self) -> None:
        """Read nothing more: the parser knows its reader, and only the collector of cycles would free the two."""
        self._parser = None

    def feed(self, data: memoryview) -> None:
        """Read on. Raises NotHttp."""
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_whole = self._has_surplus = True  # 101, which nobody asked for; what follows is another protocol
        except httptools.HttpParserError as error:
            if not self.is_whole:
                raise NotHttp(type(error).__name__) from error
            self._has_surplus = True
        if self._has_surplus:
            self.keeps = False
        self._fed_bytes += len(data)
        if not self.status and self._fed_bytes > HEAD_BYTES:
            raise NotHttp(f"a head of more than {HEAD_BYTES} bytes")
        if self._fed_bytes > HEAD_BYTES + FRAMING * self._max_bytes and not self.is_whole:
            self.is_too_large = True

    def end(self) -> None:
        """The connection ended, which is how a body of no told length ends (RFC 9112, 6.3)."""
        if self.status and self._ends_with_connection:
            self.is_whole = True

    def answered(self, cut: str = "") -> Answered:
        """What came so far."""
        return Answered(Answer(self.status, self._headers, bytes(self._body)), cut)

    def on_message_begin(self) -> None:
        """The parser's call, as are those below: the first byte of an answer, or of one nobody asked for."""
        if self.is_whole:
            self._has_surplus = True
            raise NotHttp("more than was asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # a trailer: nothing that we ask an answer for stands there
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        if self._parser is None:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:  # the answer is still to come (RFC 9110, 15.2)
            self._headers = {}
            return
        self.status = status
        has_end = "content-length" in self._headers or status in {204, 304}
        self._ends_with_connection = not has_end and "chunked" not in self._headers.get("transfer-encoding", "").lower()

    def on_body(self, data: bytes) -> None:
        room = self._max_bytes - len(self._body)
        self._body += data[:room]
        self.is_too_large = self.is_too_large or len(data) > room

    def on_message_complete(self) -> None:
        if self.status and self._parser is not None:
            self.is_whole = True
            self.keeps = self._parser.should_keep_alive()
