"""The ceiling of ingest, as a process: the services' own HTTP server answering the same POST with nothing behind it."""

import asyncio
import sys

from bench.job import answer
from runtime.event_loop import run_service
from runtime.http_server import HttpServer
from runtime.rsgi import Exchange, Head

_ANSWER = b"{}"
_HEADERS = [("content-type", "application/json")]


class _App:
    async def __rsgi__(self, head: Head, exchange: Exchange) -> None:
        del head
        await exchange()
        exchange.response_bytes(200, _HEADERS, _ANSWER)


async def _run() -> None:
    server = HttpServer(_App(), host="127.0.0.1", port=0)
    await server.start()
    while await asyncio.to_thread(sys.stdin.buffer.readline):
        answer({"url": server.url})
    await server.stop(1.0)


if __name__ == "__main__":
    run_service(_run())
