"""An answer is the same however its bytes come, and what is none is told from it."""

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishers.answer import HEAD_BYTES, AnswerReader, NotHttp

LIMIT = 20


def read(*pieces: bytes, limit: int = LIMIT) -> AnswerReader:
    reader = AnswerReader(max_bytes=limit)
    for piece in pieces:
        reader.feed(memoryview(piece))
    return reader


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nRetry-After:  7 \r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx-trailer: 1\r\n\r\n"
)
PADDED_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0\r\n\r\n"
BARE_LINES = b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + LENGTH
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("answer", "status", "body", "keeps"),
    [
        (LENGTH, 200, b"hello", True),
        (CHUNKED, 201, b"hello", True),
        (PADDED_CHUNKS, 200, b"hello", True),
        (BARE_LINES, 200, b"hello", True),
        (EARLY_HINTS, 200, b"hello", True),
        (NOTHING, 204, b"", True),
        (CLOSING, 200, b"hello", False),
        (OLD, 200, b"hello", False),
    ],
)
@given(data=st.data())
def test_an_answer_is_the_same_in_any_pieces(
    answer: bytes, status: int, body: bytes, *, keeps: bool, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(answer) - 1), max_size=8)))
    pieces = [answer[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    reader = read(*pieces)
    assert (reader.status, reader.is_whole, reader.keeps) == (status, True, keeps)
    assert reader.answered().answer.body == body
    assert not any(read(*pieces[:number]).is_whole for number in range(len(pieces)))


def test_names_of_headers_are_in_lower_case_and_values_without_blanks_around() -> None:
    assert read(LENGTH).answered().answer.headers == {"content-length": "5", "retry-after": "7"}


def test_a_header_beyond_ascii_is_shown() -> None:
    headers = read(b"HTTP/1.1 200 OK\r\nx-name: Zo\xeb\r\ncontent-length: 0\r\n\r\n").answered().answer.headers
    assert headers["x-name"] == "Zoë"


@pytest.mark.parametrize(("size", "too_large"), [(LIMIT - 1, False), (LIMIT, False), (LIMIT + 1, True), (10_000, True)])
def test_a_body_is_kept_up_to_the_limit(size: int, *, too_large: bool) -> None:
    body = b"x" * size
    reader = read(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size, body[:5], body[5:])
    assert reader.is_too_large is too_large
    assert reader.answered().answer.body == body[:LIMIT]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"])
def test_a_body_of_no_told_length_ends_with_the_connection(head: bytes) -> None:
    reader = read(head, b"hello")
    assert not reader.is_whole
    reader.end()
    assert (reader.is_whole, reader.keeps) == (True, False)


@pytest.mark.parametrize("answer", [LENGTH[:-1], CHUNKED[:-2], LENGTH[:20], b""])
def test_what_ends_early_is_not_whole(answer: bytes) -> None:
    reader = read(answer)
    reader.end()
    assert not reader.is_whole


@pytest.mark.parametrize(
    "rubbish",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfive\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-name: " + b"x" * HEAD_BYTES,
        b"HTTP/1.1 100 Continue\r\n\r\n" * (HEAD_BYTES // 20),
    ],
)
def test_what_is_no_answer_is_refused(rubbish: bytes) -> None:
    with pytest.raises(NotHttp):
        read(rubbish)


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", b"rubbish"])
@pytest.mark.parametrize("answer", [LENGTH, CLOSING])
def test_what_nobody_asked_for_changes_nothing_but_ends_the_connection(answer: bytes, surplus: bytes) -> None:
    reader = read(answer + surplus)
    assert (reader.status, reader.is_whole, reader.keeps) == (200, True, False)
    assert reader.answered().answer.body == b"hello"


def test_another_protocol_ends_the_connection() -> None:
    reader = read(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n\x00\x01")
    assert (reader.status, reader.is_whole, reader.keeps) == (101, True, False)


def test_the_next_answer_of_a_connection_knows_nothing_of_the_one_before() -> None:
    reader = read(LENGTH)
    reader.begin()
    assert (reader.status, reader.is_whole) == (0, False)
    reader.feed(memoryview(NOTHING))
    assert (reader.status, reader.answered().answer.headers, reader.answered().answer.body) == (204, {}, b"")


def test_a_closed_reader_waits_for_no_collector_of_cycles() -> None:
    gc.disable()
    try:
        reader = read(LENGTH)
        seen = weakref.ref(reader)
        reader.close()
        del reader
        assert seen() is None
    finally:
        gc.enable()


def test_trailers_are_no_headers() -> None:
    assert "x-trailer" not in read(CHUNKED).answered().answer.headers


@pytest.mark.parametrize("endless", [b"t-%d: x\r\n", b"%d" + b"x" * 100], ids=["trailers", "one trailer"])
def test_regression_what_never_ends_after_the_body_is_not_kept(endless: bytes) -> None:
    """Trailers without end, which no limit of the body counted, would have filled our memory until the deadline."""
    reader = read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nt: ")
    for number in range(100_000):
        reader.feed(memoryview(endless % number))
        if reader.is_too_large:
            break
    assert reader.is_too_large
    assert reader.answered().answer.headers == {"transfer-encoding": "chunked"}
