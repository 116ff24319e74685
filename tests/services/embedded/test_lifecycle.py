"""What holds of both servers: data stay, crashes are survived, a folder has one owner, halves are repaired."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from embedded.server import EmbeddedServer
from runtime.errors import EmbeddedError
from tests.services.embedded.conftest import KINDS, Kind
from tests.waiting import until


async def test_data_and_port_survive_a_stop(kind: Kind, folder: Path) -> None:
    async with kind.make(folder) as first:
        await kind.write(first, "before")
        port = first.port
    async with kind.make(folder) as second:
        assert second.port == port
        assert await kind.read(second) == ["before"]


async def test_what_was_acknowledged_survives_a_crash(kind: Kind, folder: Path) -> None:
    async with kind.make(folder) as server:
        await kind.write(server, "before")
        port = server.port
        server.kill()
        assert await server.wait() == 128 + signal.SIGKILL
        assert not server.running
        await server.restart()
        assert server.port == port
        await kind.write(server, "after")
        assert await kind.read(server) == ["before", "after"]


async def test_a_supervised_server_comes_back_by_itself(folder: Path) -> None:
    kind = KINDS["postgres"]
    async with kind.make(folder) as server:
        await kind.write(server, "before")
        crashed = server.pid
        supervision = asyncio.create_task(server.supervise())
        server.kill()
        await until(lambda: server.running and server.pid != crashed)
        await until(lambda: server.ready)
        assert await kind.read(server) == ["before"]
        supervision.cancel()
        with suppress(asyncio.CancelledError):
            await supervision


async def test_two_folders_are_two_servers_on_loopback_and_one_folder_has_one(kind: Kind, folder: Path) -> None:
    async with kind.make(folder / "one") as one, kind.make(folder / "two") as two:
        await kind.write(one, "one")
        await kind.write(two, "two")
        assert (await kind.read(one), await kind.read(two)) == (["one"], ["two"])
        with pytest.raises(EmbeddedError, match="is in use by process"):
            await kind.make(folder / "one").start()
        assert await kind.read(one) == ["one"]
        assert listening(one) == {"127.0.0.1"}


def listening(server: EmbeddedServer) -> set[str]:
    """The addresses the server listens at."""
    connections = psutil.Process(server.pid).net_connections()
    return {c.laddr.ip.removeprefix("::ffff:") for c in connections if c.status == psutil.CONN_LISTEN}


async def test_an_interrupted_first_start_is_started_over(kind: Kind, folder: Path) -> None:
    unfinished = folder / "data.new"
    first = asyncio.create_task(kind.make(folder).start())
    await until(lambda: unfinished.exists() and any(unfinished.iterdir()))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not (folder / "data").exists()
    async with kind.make(folder) as server:
        await kind.write(server, "here")
        assert await kind.read(server) == ["here"]
        assert not unfinished.exists()


async def test_data_that_are_not_the_servers_are_moved_out_of_the_way(folder: Path, half_written: Path) -> None:
    kind = KINDS["postgres"]
    async with kind.make(folder) as server:
        await kind.write(server, "here")
    assert [aside.read_text() for aside in beneath(folder, f"data.incomplete-*/{half_written.name}")] == ["kept"]


def beneath(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


@pytest.fixture
def half_written(folder: Path) -> Path:
    """A file in a data folder that lacks what every complete one has."""
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "half").write_text("kept")
    return data / "half"
