from collections.abc import Iterator

import pytest

from tests.unit.embedded.file_server import FileServer, file_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A web server of this test's own; nothing waits between tries."""
    monkeypatch.setattr("embedded.download._PAUSE_SECONDS", 0)
    with file_server() as running:
        yield running
