"""The ceiling of publishers, as a process: the bare HTTP client posting the same bodies to the same receiver."""

import asyncio
import time
from collections.abc import Coroutine, Iterator

from bench.events import order_no
from bench.job import Job, serve
from dialects.contract import Call
from publishers.addresses import AddressRules, Resolver, parse_networks
from publishers.answer import Answered
from publishers.http_client import Http1Client
from runtime.event_loop import EventLoop

CONNECTIONS = 64
_NOT_COPIED = frozenset({"host", "content-length", "user-agent", "accept"})


def post_all(job: Job) -> Job:
    """Post `example`, a callback as it was received, for `events` orders of `prefix` to `url`, 64 at a time."""
    head, _, body = job["example"].encode("latin-1").partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
    headers = {name: value for name, value in headers.items() if name.lower() not in _NOT_COPIED}
    was = job["example_order"].encode()
    orders = [order_no(job["prefix"], number).encode() for number in range(job["events"])]
    bodies = [body.replace(was, order) for order in orders]
    return {"seconds": _run(_post(job["url"], headers, bodies))}


def _run(posting: Coroutine[object, object, float]) -> float:
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        return runner.run(posting)


async def _post(url: str, headers: dict[str, str], bodies: list[bytes]) -> float:
    rules = AddressRules(parse_networks(["127.0.0.0/8"]))
    client = Http1Client(Resolver(rules), max_answer_bytes=64 * 1024)
    waiting, begun = iter(bodies), time.perf_counter()
    await asyncio.gather(*(_one_by_one(client, url, headers, waiting) for _ in range(CONNECTIONS)))
    seconds = time.perf_counter() - begun
    await client.close()
    return seconds


async def _one_by_one(client: Http1Client, url: str, headers: dict[str, str], waiting: Iterator[bytes]) -> None:
    for body in waiting:
        result = await client.send(Call(url, headers, body), timeout_seconds=15)
        if not isinstance(result, Answered) or result.answer.status != 200:
            raise RuntimeError(f"the receiver did not take a callback: {result}")


if __name__ == "__main__":
    serve(post_all)
