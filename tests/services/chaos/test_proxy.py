"""What the nemesis does to connections is what it says it does."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from tests.chaos.proxy import DELAY_SECONDS, HOST, THROTTLE_BYTES_PER_SECOND, Proxy, Trouble
from tests.waiting import until

End = tuple[asyncio.StreamReader, asyncio.StreamWriter]
A_WHILE = 0.3
"""Long enough for what could pass to have passed."""


class Echo:
    """A server that sends back what it hears, and remembers it."""

    def __init__(self) -> None:
        self.heard = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Proxy, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo, HOST, 0)
    try:
        async with Proxy(target=server.sockets[0].getsockname()[1]) as proxy:
            yield proxy, echo
    finally:
        server.close()


async def connect(proxy: Proxy) -> End:
    end = await asyncio.open_connection(HOST, proxy.port)
    _ends.append(end[1])
    return end


_ends: list[asyncio.StreamWriter] = []


@pytest_asyncio.fixture(autouse=True)
async def closed_ends() -> AsyncIterator[None]:
    yield
    while _ends:
        end = _ends.pop()
        end.transport.abort()
        with contextlib.suppress(OSError):
            await end.wait_closed()


async def answer(end: End, said: bytes, *, seconds: float = 5.0) -> bytes:
    """What comes back, in that time."""
    end[1].write(said)
    async with asyncio.timeout(seconds):
        return await end[0].readexactly(len(said))


async def is_silent(end: End, said: bytes) -> None:
    with pytest.raises(TimeoutError):
        await answer(end, said, seconds=A_WHILE)


async def is_reset(end: End) -> None:
    with pytest.raises(ConnectionResetError):
        await answer(end, b"still there?")


async def test_it_passes_everything_both_ways() -> None:
    async with proxied() as (proxy, _):
        end = await connect(proxy)
        large = bytes(range(256)) * 4096
        assert await answer(end, large) == large
        end[1].write_eof()
        assert await end[0].read() == b""
        await until(lambda: proxy.connections == 0, what="the end of the connection")


async def test_refuse_lets_nobody_in_and_throws_out_who_is_in() -> None:
    async with proxied() as (proxy, _):
        inside = await connect(proxy)
        await answer(inside, b"hello")
        proxy.strike(Trouble.REFUSE)
        await is_reset(inside)
        with pytest.raises(ConnectionRefusedError):
            await connect(proxy)
        await proxy.heal()
        assert await answer(await connect(proxy), b"again") == b"again"


async def test_cut_resets_what_is_open_and_takes_new_connections() -> None:
    async with proxied() as (proxy, _):
        old = await connect(proxy)
        await answer(old, b"hello")
        proxy.strike(Trouble.CUT)
        await is_reset(old)
        assert await answer(await connect(proxy), b"new") == b"new"


async def test_a_blackhole_swallows_both_ways_and_gives_back() -> None:
    async with proxied() as (proxy, echo):
        end = await connect(proxy)
        await answer(end, b"hello")
        proxy.strike(Trouble.BLACKHOLE)
        newcomer = await connect(proxy)
        await is_silent(end, b"old")
        await is_silent(newcomer, b"new")
        assert echo.heard == b"hello"
        await proxy.heal()
        assert await end[0].readexactly(3) == b"old"
        assert await newcomer[0].readexactly(3) == b"new"


async def test_half_open_brings_requests_and_no_answers() -> None:
    async with proxied() as (proxy, echo):
        end = await connect(proxy)
        proxy.strike(Trouble.HALF_OPEN)
        await is_silent(end, b"pay")
        assert echo.heard == b"pay"
        await proxy.heal()
        assert await end[0].readexactly(3) == b"pay"


async def test_forgotten_connections_stay_silent_for_ever() -> None:
    async with proxied() as (proxy, _):
        old = await connect(proxy)
        await answer(old, b"hello")
        proxy.strike(Trouble.FORGET)
        assert await answer(await connect(proxy), b"new") == b"new"
        await proxy.heal()
        await is_silent(old, b"anybody?")


async def test_delay_and_throttle_take_their_time() -> None:
    async with proxied() as (proxy, _):
        end = await connect(proxy)
        proxy.strike(Trouble.DELAY)
        began = time.monotonic()
        await answer(end, b"slow")
        assert time.monotonic() - began >= 2 * DELAY_SECONDS
        await proxy.heal()
        proxy.strike(Trouble.THROTTLE)
        began = time.monotonic()
        await answer(end, bytes(int(THROTTLE_BYTES_PER_SECOND / 4)))
        assert time.monotonic() - began >= 0.4


async def test_a_dead_target_is_a_reset() -> None:
    async with Proxy(target=1) as proxy:
        await is_reset(await connect(proxy))
