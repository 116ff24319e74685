"""The ceiling of ingest, as a process: the services' own HTTP server answering the same POST with nothing behind it."""

import asyncio
import sys

from bench.job import answer
from runtime.door_server import DoorServer
from runtime.event_loop import run_service
from runtime.exchange import Exchange

_ANSWER = b"{}"
_HEADERS = [("content-type", "application/json")]


class _App:
    async def handle(self, exchange: Exchange) -> None:
        async for _ in exchange:
            pass
        exchange.answer(200, _HEADERS, _ANSWER)


async def _run() -> None:
    server = DoorServer(_App(), host="127.0.0.1", port=0)
    await server.start()
    while await asyncio.to_thread(sys.stdin.buffer.readline):
        answer({"url": server.url})
    await server.stop(1.0)


if __name__ == "__main__":
    run_service(_run())
