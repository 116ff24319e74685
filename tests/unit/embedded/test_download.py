"""One file over HTTP: resumed, checked, in place only when whole."""

import hashlib
import threading
from pathlib import Path

import pytest

from embedded.download import DownloadFailed, download
from tests.unit.embedded.file_server import FileServer

CONTENT = bytes(range(256)) * 1000
HALF = len(CONTENT) // 2


class Fetch:
    """The call under test, on one file."""

    def __init__(self, server: FileServer, folder: Path) -> None:
        server.files["/a.jar"] = CONTENT
        self.url = f"{server.address}/a.jar"
        self.target = folder / "a.jar"
        self.part = folder / "a.jar.part"
        self.read: list[int] = []
        self.cancelled = threading.Event()

    def __call__(self) -> None:
        download(
            self.url,
            self.target,
            size_bytes=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            cancelled=self.cancelled,
            read=self.read.append,
        )


@pytest.fixture
def fetch(server: FileServer, tmp_path: Path) -> Fetch:
    return Fetch(server, tmp_path)


def test_a_file_is_fetched_whole(server: FileServer, fetch: Fetch) -> None:
    fetch()
    assert fetch.target.read_bytes() == CONTENT
    assert not fetch.part.exists()
    assert sum(fetch.read) == len(CONTENT)


def test_a_half_of_an_earlier_run_is_gone_on_with(server: FileServer, fetch: Fetch) -> None:
    fetch.part.write_bytes(CONTENT[:HALF])
    fetch()
    assert fetch.target.read_bytes() == CONTENT
    assert server.requests == [("/a.jar", f"bytes={HALF}-")]


def test_a_connection_that_breaks_off_is_resumed_where_it_broke(server: FileServer, fetch: Fetch) -> None:
    server.cuts = [HALF, 1000]
    fetch()
    assert fetch.target.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.requests] == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def test_a_whole_that_was_only_not_checked_yet_is_not_fetched_again(server: FileServer, fetch: Fetch) -> None:
    fetch.part.write_bytes(CONTENT)
    fetch()
    assert fetch.target.read_bytes() == CONTENT
    assert server.requests == []


def test_a_server_without_ranges_sends_it_all_anew(server: FileServer, fetch: Fetch) -> None:
    server.knows_ranges = False
    fetch.part.write_bytes(CONTENT[:HALF])
    fetch()
    assert fetch.target.read_bytes() == CONTENT


def test_a_half_that_was_of_another_file_is_fetched_anew(server: FileServer, fetch: Fetch) -> None:
    fetch.part.write_bytes(b"x" * HALF)
    fetch()
    assert fetch.target.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.requests] == [f"bytes={HALF}-", None]


def test_a_wrong_file_is_fetched_anew(server: FileServer, fetch: Fetch) -> None:
    server.instead = [b"x" * len(CONTENT)]
    fetch()
    assert fetch.target.read_bytes() == CONTENT


def test_a_file_that_stays_wrong_is_refused(server: FileServer, fetch: Fetch) -> None:
    server.files["/a.jar"] = b"x" * len(CONTENT)
    with pytest.raises(DownloadFailed, match="has not the SHA-256"):
        fetch()
    assert not fetch.target.exists()
    assert not fetch.part.exists()


def test_a_file_that_is_not_there_is_asked_for_once(server: FileServer, fetch: Fetch) -> None:
    server.files.clear()
    with pytest.raises(DownloadFailed, match="404"):
        fetch()
    assert len(server.requests) == 1


def test_cancelling_keeps_the_half(server: FileServer, fetch: Fetch) -> None:
    fetch.part.write_bytes(CONTENT[:HALF])
    fetch.cancelled.set()
    with pytest.raises(DownloadFailed, match="cancelled"):
        fetch()
    assert fetch.part.stat().st_size == HALF
