"""A port that one has chosen is chosen by nobody else, long before anybody listens there."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cli.places import choose_places
from cli.ports import Ports
from embedded.data_folder import DataFolder
from runtime import local_ports
from runtime.local_ports import LocalPorts, is_free
from runtime.settings import Settings

HOST = "127.0.0.1"
_SETTINGS = Settings.model_validate({"ingest": {"port": 0}, "console": {"port": 0}})


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> range:
    """A range so small that a second choice that knew nothing of the first would meet it."""
    chosen = Ports()
    needed = len(choose_places(_SETTINGS, chosen, any_port=False)) + 2
    chosen.release()
    stop = local_ports.RANGE.stop
    candidates = (range(start, start + needed) for start in range(stop + 100, stop + 700 - needed))
    ports = next(some for some in candidates if all(is_free(HOST, port) for port in some))
    monkeypatch.setattr(local_ports, "RANGE", ports)
    return ports


def test_two_who_choose_at_one_moment_choose_differently(few: range) -> None:
    one, other = LocalPorts(), LocalPorts()
    chosen = [mine.free(HOST) for _ in few for mine in (one, other)]
    assert sorted(port for port in chosen if port is not None) == list(few)
    one.release()
    assert other.free(HOST) in few
    other.release()


def test_what_another_process_has_chosen_is_not_given_out(few: range) -> None:
    words = f"""
from runtime import local_ports
local_ports.RANGE = range({few.start}, {few.stop - 1})
mine = local_ports.LocalPorts()
while mine.free("{HOST}"): pass
print("all", flush=True)
input()
"""
    ours = LocalPorts()
    command = [sys.executable, "-c", words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        assert process.stdout.readline() == b"all\n"
        assert [ours.free(HOST), ours.free(HOST)] == [few.stop - 1, None]
        process.communicate(b"\n")
    assert ours.free(HOST) in few
    ours.release()


def test_a_server_can_listen_on_its_chosen_port_again_and_again() -> None:
    ports = LocalPorts()
    port = ports.free(HOST)
    assert port is not None
    for _ in range(2):
        with closing(socket.create_server((HOST, port))) as server:
            assert not is_free(HOST, port)
            with socket.create_connection((HOST, port)), server.accept()[0]:
                pass
        assert ports.take(HOST, port)
    ports.release()


def test_kafka_and_postgres_are_given_no_port_of_a_service(few: range, tmp_path: Path) -> None:
    services, folder = Ports(), DataFolder(tmp_path)
    places = choose_places(_SETTINGS, services, any_port=False)
    servers = folder.ports({"port": None, "controller": None})
    assert {place.port for place in places} | set(servers.values()) == set(few)
    services.release()
    folder.unlock()


def test_a_folder_gives_its_ports_back(few: range, tmp_path: Path) -> None:
    folder, others = DataFolder(tmp_path), LocalPorts()
    assert sorted(folder.ports(dict.fromkeys(map(str, few))).values()) == list(few)
    assert others.free(HOST) is None
    folder.unlock()
    assert others.free(HOST) in few
    others.release()
