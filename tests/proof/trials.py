"""Services killed at their points while a stream flows, and the oracle's word afterwards."""

import asyncio
import itertools
import random
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.proof.judgement import Judgement
from tests.proof.life import Life
from tests.proof.points import Point
from tests.proof.scene import PROCESSORS, SERVICES, Scene
from tests.proof.stream import stream
from tests.waiting import until

Plan = Sequence[tuple[Point, int]]
"""Points, each with the passing to die at."""

PER_SECOND = 40.0
POISON = 0.4
"""Much, so that parking is passed often."""

BACKLOG = 300
"""Records and callbacks that may wait; past it the supplier holds back, or killed services never catch up."""

PASSING_PATIENCE_SECONDS = 60.0
QUIET_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One point at one passing. `exit_code` None: it was not passed in time; `marked`: it said that it dies there."""

    point: str
    nth: int
    seconds: float
    exit_code: int | None
    marked: bool

    @property
    def killed(self) -> bool:
        return self.exit_code == -signal.SIGKILL and self.marked


@dataclass(slots=True)
class Outcome:
    """What was tried in one scene, and the oracle's word on it."""

    trials: list[Trial] = field(default_factory=list)
    judgement: Judgement = field(default_factory=Judgement)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.judgement.ok and all(trial.killed for trial in self.trials)

    def __str__(self) -> str:
        kills = sum(trial.killed for trial in self.trials)
        lines = [f"{len(self.trials)} points tried, {kills} kills in {self.seconds:.0f} s", str(self.judgement)]
        lines += [
            f"not killed at {t.point}, passing {t.nth}: exit code {t.exit_code}" for t in self.trials if not t.killed
        ]
        return "\n".join(lines)


async def try_points(scene: Scene, plan: Plan, *, seed: int) -> Outcome:
    """Let a stream flow through the scene and kill its services at these points and passings; then judge.

    Each service goes through its own points, one life each, beside the others. In the end all of them live, until
    nothing moves any more.
    """
    outcome, began = Outcome(), time.monotonic()
    chains = {name: _Chain(scene, name, [pair for pair in plan if pair[0].service == name]) for name in SERVICES}
    flowing = asyncio.create_task(_flow(scene, seed), name="supplier")
    try:
        for chain in chains.values():
            chain.live_on()
        await asyncio.gather(*(chain.die() for chain in chains.values()))
        scene.supplier.give_over()
        await flowing
        await _quiet(scene)
    finally:
        flowing.cancel()
        await asyncio.gather(*(chain.stop() for chain in chains.values()), return_exceptions=True)
    outcome.trials = list(itertools.chain.from_iterable(chain.trials for chain in chains.values()))
    outcome.judgement = await scene.judge()
    outcome.seconds = time.monotonic() - began
    return outcome


async def _flow(scene: Scene, seed: int) -> None:
    """Send the stream, without end, as fast as the services keep up with."""
    items = stream(seed, poison=POISON)

    async def kept_up() -> bool:
        return scene.supplier.gave_over or sum(await scene.left()) < BACKLOG

    while not scene.supplier.gave_over:
        await scene.supplier.send_all(itertools.islice(items, int(PER_SECOND)), per_second=PER_SECOND)
        with suppress(AssertionError):  # what stays behind is for the oracle to name
            await until(kept_up, seconds=QUIET_PATIENCE_SECONDS)


async def _quiet(scene: Scene) -> None:
    """Wait until nothing is left to do, or nothing moves for long: what is left then is for the oracle to name."""
    least = await scene.left()
    while any(least):

        async def moved(than: tuple[int, int] = least) -> bool:
            return await scene.left() < than

        try:
            await until(moved, seconds=QUIET_PATIENCE_SECONDS)
        except AssertionError:
            return
        least = await scene.left()


class _Chain:
    """One service's lives, one after the other."""

    def __init__(self, scene: Scene, service: str, plan: Iterable[tuple[Point, int]]) -> None:
        self.trials: list[Trial] = []
        self._scene = scene
        self._service = service
        self._plan = list(plan)
        self._life: Life | None = None

    def live_on(self) -> None:
        """Live without a point."""
        self._life = self._live()

    async def die(self) -> None:
        """Die at each point of the plan in turn, up to one that is not passed, then live on."""
        for name, nth in deaths(self._plan):
            self.trials.append(await self._die_at(name, nth))
            if not self.trials[-1].killed:
                break  # the others would only wait as long
        if self._plan:
            self.live_on()

    async def _die_at(self, point: str, nth: int) -> Trial:
        await self.stop()
        log = self._scene.log(self._service)
        said_before = log.stat().st_size if log.exists() else 0
        began = time.monotonic()
        life = self._life = self._live(point=point, nth=nth)
        await life.ended(PASSING_PATIENCE_SECONDS)
        marked = f"kill point {point}: passing {nth},".encode() in log.read_bytes()[said_before:]
        trial = Trial(point, nth, time.monotonic() - began, life.exit_code, marked)
        life.kill()  # if it still lives
        await life.ended(PASSING_PATIENCE_SECONDS)
        if self._service in PROCESSORS:
            await self._scene.kafka.forget_members(self._service)
        return trial

    async def stop(self) -> None:
        if self._life is not None:
            await self._life.stop()

    def _live(self, **armed: str | int) -> Life:
        words, log = SERVICES[self._service], self._scene.log(self._service)
        return Life(words, environment=self._scene.environment(), log=log, **armed)  # type: ignore[arg-type]


def deaths(plan: Plan) -> Iterator[tuple[str, int]]:
    """The points of the plan, by name, each after those that it needs."""
    for point, nth in plan:
        if point.needs:
            yield from itertools.repeat((point.needs, 1), nth)
        yield point.name, nth


def plan_of(points: Iterable[Point], *, seed: int) -> Plan:
    """Every point once, in an order and at a passing drawn from the seed: of a rare one the first, else one of a few.

    A processor that died at its first passing every time would never get anything done.
    """
    draw = random.Random(seed)
    plan = [(point, 1 if point.rare else draw.randint(1, 2) + (point.service in PROCESSORS)) for point in points]
    draw.shuffle(plan)
    return plan
