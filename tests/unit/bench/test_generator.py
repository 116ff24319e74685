"""The generator against a server that is not always kind."""

import contextlib
import socket
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.generator import send
from bench.wire import message_length

_YES = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def _answer(connection: socket.socket) -> None:
    with connection:
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
            length = message_length(received)
            if length and len(received) >= length:
                received = b""
                connection.sendall(_YES)


@pytest.fixture
def url() -> Iterator[str]:
    """A server that cuts its third and fourth connection before anything was sent on them, and answers the others."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            for number in range(100):
                connection, _ = listener.accept()
                if number in {2, 3}:
                    connection.close()
                else:
                    threading.Thread(target=_answer, args=(connection,), daemon=True).start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/in/bench"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join()


def test_a_connection_that_is_cut_while_idle_is_made_anew_and_costs_no_event(url: str, tmp_path: Path) -> None:
    """The bench broke off at a steady rate: of 64 connections a few sent everything, and ingest cut the others."""
    job = {"url": url, "prefix": "p", "secret": "s", "times": str(tmp_path / "times")}
    done = send({**job, "events": 8, "rate": 10.0, "connections": 4})
    assert (done["sent"], done["statuses"]) == (8, {"200": 8})
    due, answered = array("q"), array("q")
    with (tmp_path / "times").open("rb") as file:
        due.fromfile(file, 8)
        answered.fromfile(file, 8)
    assert [later - due[0] for later in due] == [number * 100_000_000 for number in range(8)]
    assert all(late >= 0 for late in map(int.__sub__, answered, due))
