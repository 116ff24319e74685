"""What a client sends is one request after the other, however its bytes come; what is none ends the connection."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.deadlines import Deadlines
from runtime.door_connection import HELD_BYTES, Connection
from runtime.exchange import BodyBroken, Exchange
from runtime.listening import HEAD_LIMIT_BYTES


class FakeTransport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.paused = self.closed = self.ended = False

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class FakeDoor:
    """A server whose app answers each request with what came, at once or when it is told to."""

    def __init__(self) -> None:
        self.deadlines: Deadlines[Connection] = Deadlines(Connection.cut)
        self.is_stopping = False
        self.seen: list[tuple[str, str, str, dict[str, str], bytes | None]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, exchange: Exchange) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self._handle(exchange)))

    def lost(self, connection: Connection) -> None:
        pass

    async def done(self) -> None:
        while self._tasks:
            await self._tasks.pop()

    async def _handle(self, exchange: Exchange) -> None:
        body: bytes | None = b""
        try:
            body = b"".join([chunk async for chunk in exchange])
        except BodyBroken:
            body = None
        await self.may_answer.wait()
        self.seen.append((exchange.method, exchange.path, exchange.query, dict(exchange.headers), body))
        exchange.answer(200 if body is not None else 400, [("content-type", "text/plain")], b"ok")


class Client:
    """A connection, and what came of it."""

    def __init__(self) -> None:
        self.door, self.transport = FakeDoor(), FakeTransport()
        self.connection = Connection(self.door)
        self.connection.connection_made(self.transport)

    def is_paused(self) -> bool:
        return self.transport.paused

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.data_received(piece)

    async def statuses(self, *pieces: bytes) -> list[int]:
        """Send, and return the status of each answer."""
        for piece in pieces:
            self.send(piece)
            await asyncio.sleep(0)
        await asyncio.wait_for(self.door.done(), 5)
        return [int(part[:3]) for part in self.transport.written.split(b"HTTP/1.1 ")[1:]]


def request(body: bytes = b"hello", *headers: bytes, line: bytes = b"POST /in/a%20b?x=%20y HTTP/1.1") -> bytes:
    lines = [line, b"Host: x", b"X-Sign: a", b"X-Sign: b", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


SEEN = ("POST", "/in/a b", "x=%20y", {"host": "x", "x-sign": "a, b", "content-length": "5"}, b"hello")
CHUNKED = (
    b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nt: 1\r\n\r\n"
)


@given(data=st.data())
def test_requests_are_the_same_in_any_pieces(data: st.DataObject) -> None:
    sent = request() + CHUNKED + b"GET /g HTTP/1.1\r\nHost: x\r\n\r\n" + request()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sent) - 1), max_size=12)))
    pieces = [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]

    async def play() -> None:
        client = Client()
        assert await client.statuses(*pieces) == [200] * 4
        assert [(path, body) for _, path, _, _, body in client.door.seen] == [
            ("/in/a b", b"hello"),
            ("/c", b"hello"),
            ("/g", b""),
            ("/in/a b", b"hello"),
        ]
        assert client.door.seen[0] == client.door.seen[3] == SEEN
        assert not client.transport.closed

    asyncio.run(play())


async def test_answers_come_in_the_order_of_requests_and_reading_waits_for_them() -> None:
    client = Client()
    client.door.may_answer.clear()
    client.send(request(b"1"), request(b"2"), request(b"3"))
    await asyncio.sleep(0)
    assert client.is_paused()
    client.door.may_answer.set()
    assert await client.statuses() == [200, 200, 200]
    assert [seen[4] for seen in client.door.seen] == [b"1", b"2", b"3"]
    assert not client.is_paused()


async def test_no_more_of_a_body_is_read_than_its_app_asks_for() -> None:
    client = Client()
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", *[b"x" * 1000] * (HELD_BYTES // 1000))
    assert not client.is_paused()
    client.send(b"x" * 1000)
    assert client.is_paused()
    await asyncio.sleep(0)  # the app has read on
    await asyncio.sleep(0)
    assert not client.is_paused()
    client.connection.connection_lost(None)
    await client.door.done()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * HEAD_LIMIT_BYTES + b"\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * HEAD_LIMIT_BYTES, 431),
        (b"GET http://[x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"a" * 3 * HEAD_LIMIT_BYTES, 400),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_is_refused_and_ends_the_connection(sent: bytes, status: int) -> None:
    client = Client()
    assert await client.statuses(*(sent[at : at + 50_000] for at in range(0, len(sent), 50_000))) == [status]
    if status != 200:
        assert client.transport.ended
        assert await client.statuses(request()) == [status]


async def test_what_follows_a_good_request_is_refused_after_its_answer() -> None:
    client = Client()
    assert await client.statuses(request() + b"GARBAGE\r\n\r\n") == [200, 400]


@pytest.mark.parametrize(
    ("sent", "says_close"),
    [
        (request(b"hello", b"Connection: close"), True),
        (request(line=b"POST / HTTP/1.0"), True),
        (request(b"hello", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: x"), True),
        (request(b"hello", b"Connection: upgrade", b"Upgrade: h2c") + b"PRI * HTTP/2.0\r\n\r\n", True),
        (request(b"hello"), False),
    ],
)
async def test_a_connection_is_kept_unless_somebody_wants_it_closed(sent: bytes, *, says_close: bool) -> None:
    client = Client()
    assert await client.statuses(sent) == [200]
    assert client.door.seen[0][4] == b"hello"
    assert client.transport.closed == (b"connection: close" in client.transport.written) == says_close


async def test_a_server_that_stops_answers_and_closes() -> None:
    client = Client()
    client.door.is_stopping = True
    assert await client.statuses(request()) == [200]
    assert client.transport.closed


async def test_an_answer_before_the_whole_request_came_is_not_lost_with_the_connection() -> None:
    """To close with bytes unread would reset the connection, and the client would not see why."""

    class Hasty(FakeDoor):
        def begin(self, exchange: Exchange) -> None:
            exchange.answer(413, [], b"")

    client = Client()
    client.connection._door = Hasty()
    client.send(request(b"x" * 10)[:-5])
    assert client.transport.written.startswith(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n")
    assert (client.transport.ended, client.transport.closed) == (True, False)
    client.send(b"x" * 5, request())
    assert client.transport.written.count(b"HTTP/1.1") == 1


async def test_an_answer_that_cannot_be_written_is_none() -> None:
    seen: list[Exchange] = []

    class Noting(FakeDoor):
        def begin(self, exchange: Exchange) -> None:
            seen.append(exchange)

    client = Client()
    client.connection._door = Noting()
    client.send(request())
    with pytest.raises(UnicodeEncodeError):
        seen[0].answer(200, [("x-name", "Zoë 中")], b"")
    assert not seen[0].is_answered
    seen[0].answer(500, [], b"")
    assert client.transport.written.startswith(b"HTTP/1.1 500 ")


async def test_who_waits_to_be_asked_for_the_body_is_asked() -> None:
    client = Client()
    head, _, body = request(b"hello", b"Expect: 100-continue").rpartition(b"\r\n\r\n")
    client.send(head + b"\r\n\r\n")
    await asyncio.sleep(0)
    assert client.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert await client.statuses(body[:1], body[1:2], body[2:]) == [100, 200]


async def test_who_half_closes_after_several_requests_is_answered_for_each() -> None:
    client = Client()
    client.send(request(b"1"), request(b"2"), request(b"3"))
    assert client.connection.eof_received()
    assert await client.statuses() == [200, 200, 200]
    assert client.transport.closed


@pytest.mark.parametrize("ends", ["eof_received", "connection_lost"])
async def test_a_body_that_ends_too_early_is_broken(ends: str) -> None:
    client = Client()
    client.send(request()[:-1])
    await asyncio.sleep(0)
    if ends == "eof_received":
        assert client.connection.eof_received()
    else:
        client.connection.connection_lost(None)
    await client.statuses()
    assert client.door.seen[0][4] is None


async def test_who_half_closes_after_the_request_is_answered() -> None:
    client = Client()
    client.send(request())
    assert client.connection.eof_received()
    assert await client.statuses() == [200]
    assert client.transport.closed


async def test_a_header_that_is_no_visible_ascii_is_as_good_as_absent() -> None:
    client = Client()
    assert await client.statuses(request(b"", b"X-A: \xff\xfe", b"X-B: a\tb")) == [200]
    headers = client.door.seen[0][3]
    assert (headers.get("x-a"), headers.get("x-b")) == (None, "a\tb")


async def test_a_head_request_is_answered_without_the_body() -> None:
    client = Client()
    assert await client.statuses(request(b"", line=b"HEAD / HTTP/1.1")) == [200]
    assert b"content-length: 2\r\n" in client.transport.written
    assert client.transport.written.endswith(b"\r\n\r\n")
