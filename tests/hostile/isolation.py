"""How much an endpoint's callbacks are held up by the trouble of others: waits from owed to received, without and with.

The publisher is a real process. The same load is told to the same endpoint, alone and beside the trouble in turns; the
99th percentile is taken window by window, and the median over the turns is the figure, so that one pause of the machine
counts little.
"""

import asyncio
import contextlib
import socket
import statistics
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import orjson

from runtime.settings import PolicySettings
from store.endpoints import set_endpoint_state
from tests.services.publishers.process import publisher_process
from tests.services.publishers.world import World, settings_for, ticketed
from tests.sink import OK, Reaction, Received, Sink
from tests.waiting import until

PACE_SECONDS = 0.02
DUE = 300
"""Callbacks due to each endpoint that is in trouble, and as many events as the refused order has."""

BLOCKED_SECONDS = 0.5
"""Whoever waits for a dead or slow endpoint waits 10 s or more; whoever waits for a refused order, for ever."""

NOISE_SECONDS = 0.002
"""What a 99th percentile of 4 to 6 ms varies by from window to window, whatever else goes on or does not."""

HEALTHY = "/healthy"
_REFUSED = "REFUSED"
_TRIED = """
SELECT coalesce(sum(attempts), 0) + count(l.callback_id)
FROM callbacks AS c LEFT JOIN leases AS l USING (endpoint_id, callback_id) WHERE endpoint_id = ANY($1)
"""
_POLICIES = {
    "soon": PolicySettings(kind="fixed", wait_seconds=0.5, retries=1000),
    "later": PolicySettings(kind="fixed", wait_seconds=30, retries=1000),
}


@dataclass(frozen=True, slots=True)
class Waits:
    """The 99th percentile of each window, in seconds; windows alone and beside the trouble took turns."""

    alone: list[float]
    beside: list[float]

    @property
    def p99_alone(self) -> float:
        return statistics.median(self.alone)

    @property
    def p99_beside(self) -> float:
        return statistics.median(self.beside)

    @property
    def change_percent(self) -> float:
        """The median over the turns: what slows the whole machine for a while slows both windows of a turn."""
        return 100 * (statistics.median(b / a for a, b in zip(self.alone, self.beside, strict=True)) - 1)

    @property
    def slowed(self) -> bool:
        """Whether the 99th percentile is more than a fifth above, turn by turn and over all, as one alone may be noise,
        and by more than noise."""
        beyond_noise = self.p99_beside > self.p99_alone + NOISE_SECONDS
        return self.change_percent > 20 and self.p99_beside > 1.2 * self.p99_alone and beyond_noise

    @property
    def held_up(self) -> bool:
        """Whether somebody waited for the trouble, and not just for a busy machine."""
        return self.p99_beside > 3 * self.p99_alone + BLOCKED_SECONDS


class _Trouble(Protocol):
    """What comes and goes beside the endpoint that is measured."""

    async def begin(self) -> None: ...
    async def end(self) -> None: ...


BAD_ENDPOINTS = ("refusing", "swallowing", "slow")
"""One refuses connections, one swallows them, one answers after 10 s."""


async def beside_bad_endpoints(
    world: World, sink: Sink, kinds: Sequence[str] = BAD_ENDPOINTS, *, windows: int, samples: int
) -> Waits:
    """Endpoints of these kinds come and go, all with many callbacks due."""
    sink.plan("/slow", Reaction(delay_seconds=10))
    refusing = Sink()
    await refusing.start()
    await refusing.stop()
    async with _black_hole() as swallowing:
        urls = {"refusing": refusing.url, "swallowing": swallowing, "slow": f"{sink.url}/slow"}
        ids = [
            await world.endpoint(
                urls[kind], policy="later", event_types=("order.void",), timeout_seconds=15.0, max_in_flight=64
            )
            for kind in kinds
        ]
        await world.owe(orders=DUE)
        return await _compared(world, sink, _BadEndpoints(world, ids), windows=windows, samples=samples)


async def beside_a_refused_order(world: World, sink: Sink, *, windows: int, samples: int) -> Waits:
    """At the same endpoint, one order with many events owed is refused again and again."""
    return await _compared(world, sink, _RefusedOrder(world, sink), windows=windows, samples=samples)


@dataclass(slots=True)
class _BadEndpoints:
    world: World
    ids: list[UUID]

    async def begin(self) -> None:
        tried = await self.world.value(_TRIED, self.ids)
        await self._set("enabled")
        await until(lambda: self._tried(tried), seconds=60, what="a bad endpoint to be tried")

    async def _tried(self, before: int) -> bool:
        return bool(await self.world.value(_TRIED, self.ids) > before)

    async def end(self) -> None:
        await self._set("disabled")
        under_way = "SELECT count(*) = 0 FROM leases WHERE endpoint_id = ANY($1)"
        await until(lambda: self.world.value(under_way, self.ids), seconds=60, what="the last bad call to end")

    async def _set(self, state: str) -> None:
        async with self.world.pool.acquire() as connection, connection.transaction():
            for number in self.ids:
                await set_endpoint_state(connection, number, state=state, reason="")


@dataclass(slots=True)
class _RefusedOrder:
    world: World
    sink: Sink
    refused: bool = False

    async def begin(self) -> None:
        self.sink.choose(lambda request: Reaction(503) if self.refused and _order(request) == _REFUSED else OK)
        self.refused = True
        seen = len(self.sink.requests)
        await self.world.say([(_REFUSED, ticketed(_REFUSED))] * DUE)
        await self.sink.wait_for(lambda: _REFUSED in map(_order, self.sink.requests[seen:]))

    async def end(self) -> None:
        self.refused = False
        left = "SELECT count(*) = 0 FROM callbacks WHERE state <> 'delivered'"
        await until(lambda: self.world.value(left), seconds=60, what="the refused order to be delivered")


async def _compared(world: World, sink: Sink, trouble: _Trouble, *, windows: int, samples: int) -> Waits:
    await world.endpoint(sink.url + HEALTHY, name="healthy", policy="soon", event_types=("order.ticketed",))
    waits = Waits([], [])
    with publisher_process(settings_for(world.dsn, policies=_POLICIES)):
        await trouble.end()
        await _p99(world, sink, samples=samples)  # until it is warm
        for turn in range(windows):
            if turn > 0:
                await trouble.end()
            waits.alone.append(await _p99(world, sink, samples=samples))
            await trouble.begin()
            waits.beside.append(await _p99(world, sink, samples=samples))
    return waits


async def _p99(world: World, sink: Sink, *, samples: int) -> float:
    """Owe so many callbacks of as many orders at a steady pace, and take their waits once all have come."""
    loop = asyncio.get_running_loop()
    owed: dict[str, float] = {}
    before = len(sink.requests)
    begun = loop.time()
    for turn in range(samples):
        await asyncio.sleep(max(0.0, begun + turn * PACE_SECONDS - loop.time()))
        name = f"PACE-{next(world.numbers):06d}"
        await world.say([(name, ticketed(name))])
        owed[name] = loop.time()
    received: dict[str, float] = {}

    def all_came() -> bool:
        nonlocal before
        for request in sink.requests[before:]:
            if request.path == HEALTHY:
                received.setdefault(_order(request), request.at)
        before = len(sink.requests)
        return owed.keys() <= received.keys()

    await sink.wait_for(all_came, seconds=60)
    waits = sorted(max(0.0, received[name] - at) for name, at in owed.items())
    return waits[min(len(waits) - 1, len(waits) * 99 // 100)]


def _order(request: Received) -> str:
    return str(orjson.loads(request.body)["data"]["order_no"]) if request.path == HEALTHY else ""


@contextlib.asynccontextmanager
async def _black_hole() -> AsyncIterator[str]:
    """An address where connections are never accepted, nor refused."""
    with contextlib.ExitStack() as sockets:
        hole = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filling = sockets.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(hole.getsockname())
        yield f"http://127.0.0.1:{hole.getsockname()[1]}/"
