"""Nothing that a thread hands over is left lying, the loop is woken once for much, and reads no more than it should."""

import asyncio
import os
import signal
import socket
import threading
import time
from typing import Any

import pytest

from runtime.event_loop import READ_BYTES, EventLoop, run_service

EACH = 5_000


def test_everything_that_threads_hand_over_is_done_while_the_loop_sleeps_in_between() -> None:
    done: list[int] = []

    async def service() -> None:
        loop, enough = asyncio.get_running_loop(), asyncio.Event()

        def take(number: int) -> None:
            done.append(number)
            if len(done) == 2 * EACH:
                enough.set()

        def hand_over() -> None:
            for number in range(EACH):
                loop.call_soon_threadsafe(take, number)
                if number % 50 == 0:
                    time.sleep(0.0005)  # so that the loop falls asleep again and again

        threads = [threading.Thread(target=hand_over) for _ in range(2)]
        for thread in threads:
            thread.start()
        async with asyncio.timeout(20):
            await enough.wait()
        for thread in threads:
            thread.join()

    run_service(service())
    assert sorted(done) == sorted([*range(EACH), *range(EACH)])


def test_one_write_wakes_the_loop_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    writes = 0
    wake: Any = asyncio.SelectorEventLoop._write_to_self  # type: ignore[attr-defined]

    def counted(loop: EventLoop) -> None:
        nonlocal writes
        writes += 1
        wake(loop)

    async def service() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(3):
            before, last = writes, asyncio.Event()
            for _ in range(10):
                loop.call_soon_threadsafe(int)
            loop.call_soon_threadsafe(last.set)
            await last.wait()
            await asyncio.sleep(0.001)
            assert writes == before + 1

    monkeypatch.setattr(asyncio.SelectorEventLoop, "_write_to_self", counted)
    run_service(service())


def test_a_signal_is_heard_while_a_thread_has_woken_the_loop() -> None:
    async def service() -> None:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, heard.set)
        for _ in range(3):
            heard.clear()
            loop.call_soon_threadsafe(int)
            os.kill(os.getpid(), signal.SIGUSR1)
            async with asyncio.timeout(5):
                await heard.wait()

    run_service(service())


def test_a_read_of_a_socket_asks_for_little_memory() -> None:
    sizes: list[int] = []
    ended = asyncio.Event()
    sent = bytes(READ_BYTES * 2)

    class Reader(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            sizes.append(len(data))

        def connection_lost(self, exc: Exception | None) -> None:
            assert exc is None
            ended.set()

    async def service() -> None:
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(sent) * 4)
        theirs.sendall(sent)
        theirs.close()
        await asyncio.get_running_loop().create_connection(Reader, sock=ours)
        await ended.wait()

    run_service(service())
    assert sum(sizes) == len(sent)
    assert max(sizes) == READ_BYTES
