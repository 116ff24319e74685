"""Carries out a plan's faults on a running system."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from tests.chaos.plan import SERVERS, SERVICES, Fault, Kind, Step
from tests.chaos.proxy import Trouble
from tests.chaos.readiness import Away, Readiness
from tests.chaos.system import System

_PROCESSORS = [name for name in SERVICES if name.startswith("processor")]
_PUBLISHERS = [name for name in SERVICES if name.startswith("publisher")]
_NEEDED_BY: Mapping[str, Collection[str]] = {
    "kafka": ["ingest", *_PROCESSORS],
    "postgres": [*_PROCESSORS, "console"],
    "publishers-postgres": _PUBLISHERS,
    "endpoints": [],
}
"""By link, whoever can do nothing without it."""

_NOBODY_THERE = frozenset({Trouble.REFUSE, Trouble.BLACKHOLE, Trouble.HALF_OPEN})
_CUT_EVERY_SECONDS = 1.0
_STRANGERS_AT_ONCE = 2
_JOINING_SECONDS = 12.0


class NotPossibleHere(Exception):
    """This machine does not allow it; says why."""


class Nemesis:
    """`strike` returns when all of a step's faults are over; `away` and `kills` grow."""

    def __init__(self, system: System, readiness: Readiness, *, seed: int, no_disks: str | None) -> None:
        self.away: list[Away] = []
        self.kills = 0
        self._system = system
        self._readiness = readiness
        self._no_disks = no_disks
        self._draw = random.Random(f"storm {seed}")

    async def strike(self, step: Step) -> list[str]:
        """Carry out one step; the faults that this machine does not allow, and why not, in words."""
        outcomes = await asyncio.gather(*(self._carry_out(fault) for fault in step.faults))
        return [said for said in outcomes if said]

    async def _carry_out(self, fault: Fault) -> str:
        ways = {
            Kind.KILL: self._kill,
            Kind.RESTART: self._restart,
            Kind.PAUSE: self._pause,
            Kind.LINK: self._trouble_link,
            Kind.DISK: self._fill_disk,
            Kind.STORM: self._storm,
            Kind.CLOCK: self._shift_clock,
        }
        try:
            await ways[fault.kind](fault)
        except NotPossibleHere as why:
            return f"{fault}: {why}"
        return ""

    async def _kill(self, fault: Fault) -> None:
        self.kills += 1
        if fault.target not in SERVERS:
            self._system.services[fault.target].kill()
            return
        async with self._system.servers[fault.target].killed(), self._note_away(fault.target):
            await asyncio.sleep(fault.seconds)

    async def _restart(self, fault: Fault) -> None:
        if fault.target in SERVERS:
            await self._system.servers[fault.target].restart()
        else:
            self._system.services[fault.target].terminate()

    async def _pause(self, fault: Fault) -> None:
        service = self._system.services[fault.target]
        service.freeze()
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            service.thaw()

    async def _trouble_link(self, fault: Fault) -> None:
        link, trouble = self._system.links[fault.target], Trouble(fault.how)
        until = time.monotonic() + fault.seconds
        link.strike(trouble)
        try:
            if trouble in _NOBODY_THERE:
                async with self._note_away(fault.target):
                    await asyncio.sleep(fault.seconds)
            while (left := until - time.monotonic()) > 0:
                await asyncio.sleep(min(left, _CUT_EVERY_SECONDS))
                if trouble == Trouble.CUT:
                    link.strike(trouble)
        finally:
            await link.heal()

    async def _fill_disk(self, fault: Fault) -> None:
        if self._no_disks is not None:
            raise NotPossibleHere(self._no_disks)
        disk = self._system.disks[fault.target]
        disk.fill()
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            disk.free()
        await self._system.servers[fault.target].until_up()

    async def _storm(self, fault: Fault) -> None:
        """Strangers join the consumer group and leave it, politely or not, a few at a time."""
        until = time.monotonic() + fault.seconds
        async with asyncio.TaskGroup() as guests:
            for _ in range(_STRANGERS_AT_ONCE):
                guests.create_task(self._come_and_go(fault.target, until))

    async def _come_and_go(self, processor: str, until: float) -> None:
        while time.monotonic() < until:
            stranger = self._system.stranger(processor)
            stays_seconds, rudely = self._draw.uniform(0.0, 2.0), self._draw.random() < 0.5
            await stranger.start()
            try:
                await self._readiness.until_ready(stranger, patience_seconds=_JOINING_SECONDS)
                await asyncio.sleep(stays_seconds)
                if rudely:
                    self.kills += 1
                    stranger.kill()
            finally:
                await stranger.stop()

    async def _shift_clock(self, fault: Fault) -> None:
        service = self._system.services[fault.target]
        service.set_clock(float(fault.how))
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            service.set_clock(0.0)

    @asynccontextmanager
    async def _note_away(self, what: str) -> AsyncIterator[None]:
        since = time.monotonic()
        yield
        needed_by = {*_NEEDED_BY[what], *(_PUBLISHERS if what == "postgres" and self._is_down(what) else ())}
        self.away.append(Away(what, needed_by, since, time.monotonic()))

    def _is_down(self, server: str) -> bool:
        """Whether the server itself is away, not only a link to it."""
        return not self._system.servers[server].up
