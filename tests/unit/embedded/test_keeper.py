"""The keeper, with a small script in the server's place."""

import ast
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import psutil
import pytest
import pytest_asyncio

from embedded.kept_process import KeptProcess, launch_words, run_to_end
from runtime.errors import EmbeddedError
from tests.waiting import until

StartServer = Callable[..., Awaitable[KeptProcess]]

SERVER = textwrap.dedent("""
    import pathlib, signal, sys
    def stop(*_):
        pathlib.Path("stopped").touch()
        sys.exit(7)
    signal.signal(signal.SIGTERM, {reaction})
    pathlib.Path("ready").touch()
    while True:
        signal.pause()
""")
OBEYS, REFUSES = SERVER.format(reaction="stop"), SERVER.format(reaction="signal.SIG_IGN")


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest_asyncio.fixture
async def start_server(tmp_path: Path) -> AsyncIterator[StartServer]:
    servers: list[KeptProcess] = []
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)

    async def start(
        script: str, *, grace_seconds: float = 20, environment: Mapping[str, str] = MappingProxyType({})
    ) -> KeptProcess:
        command = [*launch_words(tmp_path, signal.SIGTERM), sys.executable, "-S", "-c", script]
        server = await KeptProcess.start(
            command,
            log=tmp_path / "log",
            stop_signal=signal.SIGTERM,
            grace_seconds=grace_seconds,
            lock=lock,
            environment=environment,
        )
        servers.append(server)
        await until((tmp_path / "ready").exists)
        return server

    yield start
    os.close(lock)
    for server in servers:
        server.kill()
        await server.stop()


async def test_stopping_is_asked_of_the_server(start_server: StartServer, tmp_path: Path) -> None:
    server = await start_server(OBEYS)
    await server.stop()
    assert (tmp_path / "stopped").exists()
    assert await server.wait() == 7
    assert not server.running


async def test_a_server_that_refuses_to_stop_is_killed(start_server: StartServer) -> None:
    server = await start_server(REFUSES, grace_seconds=0.1)
    await server.stop()
    assert await server.wait() == 128 + signal.SIGKILL


async def test_a_server_gets_what_it_is_given_and_nothing_that_would_sway_it(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATA", "elsewhere")
    await start_server(f"import os; open('seen', 'w').write(repr(dict(os.environ)))\n{OBEYS}", environment={"A": "1"})
    seen = ast.literal_eval((tmp_path / "seen").read_text())
    assert seen["A"] == "1"
    assert "PATH" in seen
    assert "PGDATA" not in seen


async def test_a_crash_is_told(start_server: StartServer) -> None:
    server = await start_server(OBEYS)
    server.kill()
    assert await server.wait() == 128 + signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the keeper watches over its server")
async def test_a_killed_keeper_does_not_leave_the_server_behind(start_server: StartServer, tmp_path: Path) -> None:
    server = await start_server(OBEYS)
    os.kill(psutil.Process(server.pid).ppid(), signal.SIGKILL)
    await until(lambda: ended(server.pid))
    assert (tmp_path / "stopped").exists()


@pytest.fixture
def owner_with_child(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A process that owns a server, and a child that it forked after; yields it and the server's process id."""
    script = textwrap.dedent(f"""
        import asyncio, os, pathlib, signal, sys
        from embedded.kept_process import KeptProcess
        async def main():
            lock = os.open("lock", os.O_CREAT | os.O_RDWR)
            server = await KeptProcess.start([sys.executable, "-S", "-c", {OBEYS!r}], log=pathlib.Path("log"),
                                             stop_signal=signal.SIGTERM, grace_seconds=20, lock=lock)
            child = os.fork()
            if child:
                print(server.pid, child, flush=True)
            signal.pause()
        asyncio.run(main())
    """)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(  # noqa: S603 - the script above
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path, env=environment
    ) as owner:
        assert owner.stdout is not None
        server, child = map(int, owner.stdout.readline().split())
        try:
            yield owner, server
        finally:
            os.kill(child, signal.SIGKILL)
            owner.kill()


async def test_an_owner_killed_while_a_child_of_it_holds_the_pipe_is_missed_all_the_same(
    owner_with_child: tuple["subprocess.Popen[bytes]", int], tmp_path: Path
) -> None:
    owner, server = owner_with_child
    await until((tmp_path / "ready").exists)
    owner.kill()
    await until((tmp_path / "stopped").exists)
    await until(lambda: ended(server))


async def test_a_tool_that_fails_is_quoted(tmp_path: Path) -> None:
    words = launch_words(tmp_path, signal.SIGKILL)
    lock = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(EmbeddedError, match="exit code 3") as caught:
            await run_to_end("tool", [*words, sys.executable, "-c", "print('why'); exit(3)"], lock=lock)
        assert caught.value.hint == "why"
        with pytest.raises(EmbeddedError, match="exit code 126") as caught:
            await run_to_end("tool", [*words, str(tmp_path / "nothing")], lock=lock)
        assert "No such file" in caught.value.hint
    finally:
        os.close(lock)
