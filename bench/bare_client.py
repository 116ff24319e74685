"""The ceiling of publishers, as a process: the bare HTTP client posting the same bodies to the same receiver."""

import asyncio
import time
from collections.abc import Iterator

from pyreqwest.client import Client, ClientBuilder

from bench.events import order_no
from bench.job import Job, serve

CONNECTIONS = 64
_NOT_COPIED = frozenset({"host", "content-length"})


def post_all(job: Job) -> Job:
    """Post `example`, a callback as it was received, for `events` orders of `prefix` to `url`, 64 at a time."""
    head, _, body = job["example"].encode("latin-1").partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
    headers = {name: value for name, value in headers.items() if name.lower() not in _NOT_COPIED}
    was = job["example_order"].encode()
    orders = [order_no(job["prefix"], number).encode() for number in range(job["events"])]
    bodies = [body.replace(was, order) for order in orders]
    return {"seconds": asyncio.run(_post(job["url"], headers, bodies))}


async def _post(url: str, headers: dict[str, str], bodies: list[bytes]) -> float:
    async with ClientBuilder().no_proxy().default_headers(headers).build() as client:
        waiting, begun = iter(bodies), time.perf_counter()
        await asyncio.gather(*(_one_by_one(client, url, waiting) for _ in range(CONNECTIONS)))
        return time.perf_counter() - begun


async def _one_by_one(client: Client, url: str, waiting: Iterator[bytes]) -> None:
    for body in waiting:
        response = await client.post(url).body_bytes(body).build().send()
        await response.bytes()


if __name__ == "__main__":
    serve(post_all)
