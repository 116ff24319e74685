"""A connection that was closed is freed by its counts: nothing of it waits for the collector of cycles."""

import asyncio
import gc
import socket
import weakref
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]  # not in its annotations
from collections.abc import Iterator
from contextlib import closing

import pytest

from dialects.contract import Call
from publishers.addresses import AddressRules, Resolver, parse_networks
from publishers.http_client import Http1Client
from runtime.door_connection import Connection
from tests.unit.ingest.test_door_connection import Client, FakeDoor, request
from tests.waiting import until


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def transports() -> int:
    return sum(isinstance(one, _SelectorSocketTransport) for one in gc.get_objects())


@pytest.mark.usefixtures("no_collector")
async def test_of_calls_whose_partner_hangs_up_nothing_stays() -> None:
    client = Http1Client(Resolver(AddressRules(parse_networks(["127.0.0.0/8"]))), max_answer_bytes=100)
    before, loop = transports(), asyncio.get_running_loop()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        call = Call(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}")
        for _ in range(5):
            sending = asyncio.create_task(client.send(call, timeout_seconds=5))
            taken, _ = await loop.sock_accept(server)
            taken.close()
            await sending
    await client.close()
    await until(lambda: transports() == before)


@pytest.mark.usefixtures("no_collector")
async def test_of_clients_that_went_nothing_stays() -> None:
    before, loop = transports(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(FakeDoor()), "127.0.0.1", 0)
    for _ in range(5):
        with closing(socket.socket()) as client:
            client.setblocking(False)
            await loop.sock_connect(client, server.sockets[0].getsockname())
            await until(lambda: transports() > before)
    server.close()
    await server.wait_closed()
    await until(lambda: transports() == before)


@pytest.mark.usefixtures("no_collector")
async def test_nor_of_a_connection_that_was_answered() -> None:
    client = Client()
    await client.statuses(request())
    seen = weakref.ref(client.connection)
    client.connection.connection_lost(None)
    del client
    assert seen() is None
