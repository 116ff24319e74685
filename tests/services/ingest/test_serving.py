"""The HTTP server and the process around it: its address, hostile clients, signals."""

import asyncio
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from runtime import listening
from runtime.door_server import DoorServer
from runtime.errors import ConfigurationError
from runtime.exchange import Exchange
from runtime.health import Health
from runtime.http_server import HttpServer
from tests.services.ingest.hub import parse
from tests.waiting import until

THREADS = Path("/proc/self/task")

SERVE = """
from ingest.main import run
from runtime.event_loop import run_service
from runtime.logs import configure_logs
from runtime.settings import load_settings
configure_logs(service="ingest", format_="json")
run_service(run(load_settings()))
"""


async def exchange(port: int, sent: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


class Door:
    """An app of ingest's server: health, and nothing else."""

    async def handle(self, exchange: Exchange) -> None:
        page = await Health().page(exchange.method, exchange.path)
        exchange.answer(page.status, page.headers, page.body)


class Broken:
    """An app of either server, with a bug."""

    async def __call__(self, *_: Any) -> None:
        raise RuntimeError("secret inside")

    async def handle(self, _: Exchange) -> None:
        raise RuntimeError("secret inside")


Server = HttpServer | DoorServer
Kind = type[HttpServer] | type[DoorServer]


def made(kind: Kind, app: Any = None, *, port: int = 0) -> Server:
    any_app: Any = app or (Health() if kind is HttpServer else Door())
    return kind(any_app, host="127.0.0.1", port=port)


@pytest.fixture(params=[HttpServer, DoorServer])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Both servers: what holds of one holds of the other."""
    return cast("Kind", request.param)


@asynccontextmanager
async def serving(kind: Kind, app: Any = None) -> AsyncIterator[Server]:
    server = made(kind, app)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(1.0)


async def test_a_free_port_is_picked_and_told(kind: Kind) -> None:
    async with serving(kind) as one, serving(kind) as other:
        assert one.port != other.port
        for server in (one, other):
            assert server.url == f"http://127.0.0.1:{server.port}"
            alive = await exchange(server.port, b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert parse(alive).status == 200


async def test_a_port_that_is_taken_is_a_configuration_error(kind: Kind) -> None:
    async with serving(kind) as server:
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{server.port}: Address already in use"):
            await made(kind, port=server.port).start()
    with socket.create_server(("127.0.0.1", 0)) as strange, pytest.raises(ConfigurationError, match="in use"):
        await made(kind, port=strange.getsockname()[1]).start()


async def test_a_stopped_server_gives_its_port_back(kind: Kind) -> None:
    async with serving(kind) as server:
        port = server.port
    again = made(kind, port=port)
    await again.start()
    await again.stop(1.0)
    await again.stop(1.0)


async def test_an_exception_of_the_app_is_500_without_a_trace(kind: Kind) -> None:
    async with serving(kind, Broken()) as server:
        answer = await exchange(server.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"secret" not in answer
    assert b"Traceback" not in answer


async def test_a_client_that_does_not_finish_its_head_is_cut_off(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    monkeypatch.setattr(listening, "HEADER_TIMEOUT_SECONDS", 1)
    async with serving(kind) as server:
        assert await exchange(server.port, b"GET /livez HTTP/1.1\r\nHo") == b""


async def test_a_head_that_drips_gains_no_time(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    monkeypatch.setattr(listening, "HEADER_TIMEOUT_SECONDS", 1)
    async with serving(kind) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.setblocking(False)
            await until(lambda: is_cut(client, b"a"))


async def test_regression_a_client_that_reads_no_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    """It held its connection for ever, and enough of them would have shut out everybody."""
    monkeypatch.setattr(listening, "UNREAD_SECONDS", 1)
    async with serving(kind) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.setblocking(False)
            await until(lambda: is_cut(client, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 100))


def is_cut(client: socket.socket, sent: bytes) -> bool:
    """Send without ever reading; whether the other side has cut the connection."""
    try:
        client.send(sent)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


async def test_no_more_clients_are_served_than_files_may_be_opened(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    few = listening.FILES_BESIDE_CONNECTIONS + 2
    monkeypatch.setattr(resource, "getrlimit", lambda _: (few, few))
    async with serving(kind) as server:
        inside = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        question = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
        waiting = asyncio.create_task(exchange(server.port, question + b"Connection: close\r\n\r\n"))
        for _ in range(100):
            for reader, writer in inside:
                writer.write(question + b"\r\n")
                assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
        assert not waiting.done()
        for _, writer in inside:
            writer.close()
        assert (await waiting).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "hostile",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_hostile_requests_are_refused_and_the_server_lives(hostile: bytes, kind: Kind) -> None:
    async with serving(kind) as server:
        try:
            answer = await exchange(server.port, hostile)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        alive = await exchange(server.port, b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert alive.startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def process(**environment: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Ingest as a process of its own, without Kafka; its port."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ
        | {"TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1", "TICKETWIRE_INGEST__PORT": "0", **environment},
    )
    assert child.stderr is not None
    try:
        async with asyncio.timeout(30):
            while True:
                line = json.loads(await child.stderr.readline())
                if line["event"] == "service.ready":
                    break
        yield child, int(line["url"].rsplit(":", 1)[1])
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_service(number: signal.Signals) -> None:
    async with process() as (child, _):
        child.send_signal(number)
        async with asyncio.timeout(10):
            assert await child.wait() == 0


async def test_a_second_signal_ends_it_at_once() -> None:
    async with process(TICKETWIRE_INGEST__STOP_GRACE_SECONDS="60") as (child, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /in/atlas HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        metrics = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        while b"ticketwire_ingest_in_flight_bytes 1.0" not in await exchange(port, metrics):
            pass
        child.send_signal(signal.SIGTERM)
        assert child.stderr is not None
        while json.loads(await child.stderr.readline())["event"] != "service.stopping":
            pass
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await child.wait() == -signal.SIGTERM
        writer.close()


def native_threads() -> set[str]:
    return {thread.name for thread in THREADS.iterdir()}


@pytest.mark.skipif(not THREADS.exists(), reason="the threads of a process are listed on Linux only")
async def test_regression_no_thread_of_a_stopped_server_is_left(kind: Kind) -> None:
    """A thread that was left touched Python while the process ended: one stop in eight was an abort (granian 693)."""
    for _ in range(10):
        before = native_threads()
        async with serving(kind) as server:
            await exchange(server.port, b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert native_threads() <= before
