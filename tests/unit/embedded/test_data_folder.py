"""One server's folder: one owner, the same ports, data that are complete or not there."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from embedded.data_folder import DataFolder
from runtime.errors import EmbeddedError


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_a_folder_has_one_owner_at_a_time(folder: DataFolder) -> None:
    other = DataFolder(folder.path)
    await folder.lock()
    with pytest.raises(EmbeddedError, match="is in use by process"):
        await other.lock()
    folder.unlock()
    await other.lock()
    other.unlock()


def test_ports_are_kept(folder: DataFolder) -> None:
    ports = folder.ports({"port": None, "controller": None})
    assert ports["port"] != ports["controller"]
    assert folder.ports({"port": None, "controller": None}) == ports


def test_a_kept_port_that_is_taken_by_now_is_replaced(folder: DataFolder, taken_port: int) -> None:
    (folder.path / "ports").write_text(f'{{"port": {taken_port}}}')
    assert folder.ports({"port": None})["port"] != taken_port


def test_a_file_of_ports_that_was_half_written_is_not_minded(folder: DataFolder) -> None:
    (folder.path / "ports").write_text('{"port": 2')
    assert folder.ports({"port": None})["port"] > 0


def test_a_wanted_port_that_is_taken_is_an_error(folder: DataFolder, taken_port: int) -> None:
    with pytest.raises(EmbeddedError, match=f"port {taken_port} on 127.0.0.1 is taken"):
        folder.ports({"port": taken_port})


def test_data_are_there_only_when_they_were_finished(folder: DataFolder) -> None:
    with suppress(InterruptedError), folder.making_data() as unfinished:
        (unfinished / "half").touch()
        raise InterruptedError
    assert not folder.data.exists()
    with folder.making_data() as unfinished:
        assert list(unfinished.iterdir()) == []
        (unfinished / "whole").touch()
    assert (folder.data / "whole").exists()


def test_data_without_their_marker_are_moved_not_deleted(folder: DataFolder) -> None:
    folder.data.mkdir()
    (folder.data / "something").touch()
    aside = folder.set_aside_unless_complete("marker")
    assert aside is not None
    assert (aside / "something").exists()
    assert not folder.data.exists()


def test_complete_data_stay(folder: DataFolder) -> None:
    folder.data.mkdir()
    (folder.data / "marker").touch()
    assert folder.set_aside_unless_complete("marker") is None
    assert folder.data.exists()


async def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(EmbeddedError, match=f"{in_the_way}/kafka cannot be used: Not a directory"):
        await DataFolder(in_the_way / "kafka").lock()
