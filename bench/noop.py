"""The ceiling of ingest, as a process: the services' own HTTP server answering the same POST with nothing behind it."""

import asyncio
import sys

from bench.job import answer
from runtime.http_server import HttpServer, Receive, Scope, Send

_ANSWER = b"{}"
_HEADERS = [(b"content-type", b"application/json")]


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    del scope
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


async def _run() -> None:
    server = HttpServer(_app, host="127.0.0.1", port=0)
    await server.start()
    while await asyncio.to_thread(sys.stdin.buffer.readline):
        answer({"url": server.url})
    await server.stop(1.0)


if __name__ == "__main__":
    asyncio.run(_run())
