"""One client's connection, by HTTP/1.1 (RFC 9112). httptools (llhttp) finds where a request's parts begin and end."""

import asyncio
import time
from collections import deque
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol, cast
from urllib.parse import unquote

import httptools

from runtime import listening
from runtime.deadlines import Deadlines
from runtime.event_loop import let_go
from runtime.exchange import Exchange

HELD_BYTES = 64 * 1024
"""When more of a body came than its app has asked for, nothing more is read meanwhile."""

LINGER_SECONDS = 2.0
"""After an answer to a request that was not read whole, what else comes is read and thrown away for so long: a close
at once would reset the connection, and with it the answer (RFC 9112, 9.6)."""

REFUSALS = {400: b"HTTP/1.1 400 Bad Request\r\n", 431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n"}


class Door(Protocol):
    """What a connection needs of its server."""

    deadlines: "Deadlines[Connection]"
    is_stopping: bool

    def begin(self, exchange: Exchange) -> None:
        """Let the app answer it."""

    def lost(self, connection: "Connection") -> None:
        """It ended."""


class Connection(asyncio.Protocol):
    """Requests one after the other; those that come before the answer to the one before wait for it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._unanswered: deque[Exchange] = deque()
        self._body_of: Exchange | None = None
        self._refusal = 0  # what is answered after those, because no request follows that could be read
        self._is_reading_head = self._lingers = self._is_paused = False
        self._fed = 0
        self._offers_another = False
        self._awaits_go_ahead = False  # with the body of the latest request (RFC 9110, 10.1.1)
        self._left = 0  # of the body of a request that offers another protocol, which the parser does not read
        self._blind_bytes = 0  # since the head began, or since the last piece of a body
        self._target, self._headers = b"", dict[str, str]()

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return not self._unanswered and not self._is_reading_head

    def close(self) -> None:
        """End it when what is written is sent."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._door.is_stopping:
            self._transport.close()
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._lingers or self._refusal or self._parser is None:
            return
        if self._offers_another:
            self._read_body(data)
            return
        self._fed = len(data)
        self._blind_bytes += self._fed
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._read_body(data[offer.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400)
            return
        if self._blind_bytes > listening.HEAD_LIMIT_BYTES and (self._is_reading_head or self._body_of is not None):
            self._refuse(431 if self._is_reading_head else 400)

    def eof_received(self) -> bool:
        """The client sends no more; what it asked before is answered still."""
        if self._body_of is not None:
            self._body_of.break_off()
        if self._unanswered:
            self._unanswered[-1].keeps = False
        return bool(self._unanswered)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        let_go(self._transport)
        self._transport = None
        self._parser = None  # it knows us, and only the collector of cycles would free the two
        self._door.deadlines.drop(self)
        for exchange in self._unanswered:
            exchange.break_off()
        self._door.lost(self)

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._is_reading_head, self._blind_bytes = True, self._fed
        self._target, self._headers = b"", {}

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_reading_head:
            return  # a trailer: no sender we know of uses them
        if value.isascii() and (text := value.decode("ascii")).replace("\t", " ").isprintable():
            word = name.decode("latin-1").lower()
            self._headers[word] = f"{self._headers[word]}, {text}" if word in self._headers else text

    def on_headers_complete(self) -> None:
        if self._parser is None:
            return
        path, query = _place(self._target)
        method = self._parser.get_method().decode("ascii")
        self._offers_another = self._parser.should_upgrade()
        self._left = int(self._headers.get("content-length", 0)) if self._offers_another else 0
        exchange = Exchange(self, method=method, path=path, query=query, headers=self._headers)
        self._is_reading_head, self._blind_bytes = False, 0
        self._body_of = exchange
        self._awaits_go_ahead = self._headers.get("expect", "").lower() == "100-continue"
        self._door.deadlines.drop(self)
        self._unanswered.append(exchange)
        if len(self._unanswered) == 1:
            self._door.begin(exchange)
        else:
            self._pause()

    def on_body(self, data: bytes) -> None:
        self._blind_bytes, self._awaits_go_ahead = 0, False
        if self._body_of is not None and not self._body_of.is_answered:
            self._body_of.put(data)
            if self._body_of.held > HELD_BYTES:
                self._pause()

    def on_message_complete(self) -> None:
        if self._offers_another:
            return
        exchange, self._body_of = self._body_of, None
        if exchange is not None and self._parser is not None:
            exchange.end(keeps=self._parser.should_keep_alive())

    # What an exchange calls.

    def body_wanted(self, exchange: Exchange) -> None:
        if self._transport is None:
            exchange.break_off()
            return
        if self._awaits_go_ahead:
            self._awaits_go_ahead = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._resume()

    def answered(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        keeps = exchange.keeps and not self._door.is_stopping
        self._unanswered.popleft()
        if self._transport is None:
            return
        ending = b"" if keeps else b"connection: close\r\n"
        self._transport.write(b"%bdate: %b\r\n%b\r\n%b" % (head, _now(), ending, body))
        if not keeps:
            self._end(read_whole=exchange.has_ended)
        elif self._unanswered:
            self._door.begin(self._unanswered[0])
        elif self._refusal:
            self._answer_refusal()
        else:
            self._resume()
            self._await_head()

    # Between them.

    def _await_head(self) -> None:
        self._door.deadlines.add(self, time.monotonic() + listening.HEADER_TIMEOUT_SECONDS)

    def _read_body(self, data: bytes) -> None:
        """Who offers another protocol is answered in this one (RFC 9110, 7.8), and the connection ends with it: what
        comes after the body is not known to be HTTP. Java's client makes such an offer with its first request."""
        if self._body_of is None:
            return
        if "transfer-encoding" in self._body_of.headers:
            self._refuse(400)
            return
        piece = data[: self._left]
        self._left -= len(piece)
        if piece:
            self.on_body(piece)
        if not self._left:
            exchange, self._body_of = self._body_of, None
            exchange.end(keeps=False)

    def _refuse(self, status: int) -> None:
        self._refusal = status
        if self._body_of is not None:  # its app answers for it
            self._body_of.break_off()
        elif not self._unanswered:
            self._answer_refusal()

    def _answer_refusal(self) -> None:
        if self._transport is not None:
            self._transport.write(REFUSALS[self._refusal] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self._end(read_whole=False)

    def _end(self, *, read_whole: bool) -> None:
        if self._transport is None:
            return
        seconds = listening.UNREAD_SECONDS if read_whole else LINGER_SECONDS
        self._door.deadlines.add(self, time.monotonic() + seconds)
        self._lingers = True
        if read_whole or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._resume()
            self._transport.write_eof()

    def _pause(self) -> None:
        if self._transport is not None and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport is not None and self._is_paused and len(self._unanswered) <= 1:
            self._is_paused = False
            self._transport.resume_reading()


@lru_cache(maxsize=64)
def _place(target: bytes) -> tuple[str, str]:
    """The path, decoded, and the query; raises httptools' error, which is a refusal. A source has one path or few."""
    url = httptools.parse_url(target)
    path, query = (url.path or b"").decode("latin-1"), (url.query or b"").decode("latin-1")
    return (unquote(path) if "%" in path else path), query


def _now() -> bytes:
    return _date(int(time.monotonic()))


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    """The time of day, written once a second (RFC 9110, 6.6.1)."""
    del second
    return formatdate(usegmt=True).encode()
