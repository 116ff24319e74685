"""Calls in flight from this process, by endpoint, and how quickly each endpoint answers."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from publishers.endpoints import Target
from publishers.fair_share import SLOW_SECONDS, Claimant, share
from publishers.unreached import Reach
from store.callbacks import EndpointWork


@dataclass(slots=True)
class _Lane:
    """One endpoint. A call counts as in flight from its claim; its clock starts with the call itself."""

    limit: int
    claimed: int = 0
    started: dict[UUID, float] = field(default_factory=dict)
    last_seconds: float = SLOW_SECONDS  # an endpoint that never answered has yet to prove itself
    reach: Reach = field(default_factory=Reach)

    def quick(self, now: float) -> bool:
        oldest = min(self.started.values(), default=now)
        return self.last_seconds < SLOW_SECONDS and now - oldest < SLOW_SECONDS

    def places(self, now: float) -> int:
        """How many calls may be in flight now."""
        if not self.reach.walking:
            return self.limit
        return self.claimed if self.reach.wait(now) else min(self.limit, self.claimed + 1)


class Traffic:
    """Who is called right now. `places` is how many calls may be in flight at once."""

    def __init__(self, places: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.places = places
        self.in_flight = 0
        self._clock = clock
        self._lanes: dict[UUID, _Lane] = {}

    @property
    def free(self) -> int:
        return self.places - self.in_flight

    @property
    def crowded(self) -> bool:
        """Whether a call that ends makes room for another that could not begin."""
        return self.free <= 0 or any(lane.claimed >= lane.limit for lane in self._lanes.values())

    def full(self) -> list[UUID]:
        """Endpoints that may have no further call now."""
        now = self._clock()
        return [endpoint_id for endpoint_id, lane in self._lanes.items() if lane.claimed >= lane.places(now)]

    def pause(self) -> float:
        """Seconds until an endpoint may be called that is left out only because calls do not reach it."""
        now = self._clock()
        waits = [lane.reach.wait(now) for lane in self._lanes.values() if lane.claimed < lane.limit]
        return min((wait for wait in waits if wait), default=math.inf)

    def share(self, work: Sequence[tuple[EndpointWork, Target]]) -> dict[UUID, int]:
        """How many callbacks to claim for each of these endpoints."""
        now = self._clock()
        for _, target in work:
            self._lane(target).limit = target.endpoint.max_in_flight
        slow = sum(lane.claimed for lane in self._lanes.values() if lane.claimed and not lane.quick(now))
        claimants = [self._claimant(item, now) for item, _ in work]
        return share(claimants, places=self.places, in_flight=self.in_flight, slow_in_flight=slow)

    def claimed(self, endpoint_id: UUID) -> None:
        self.in_flight += 1
        lane = self._lanes[endpoint_id]
        lane.claimed += 1
        lane.reach.called(self._clock())

    def started(self, endpoint_id: UUID, callback_id: UUID) -> None:
        self._lanes[endpoint_id].started[callback_id] = self._clock()

    def tried(self, endpoint_id: UUID, *, reached: bool) -> None:
        """Whether a call got as far as sending something."""
        self._lanes[endpoint_id].reach.tried(reached=reached)

    def ended(self, endpoint_id: UUID, callback_id: UUID) -> None:
        self.in_flight -= 1
        lane = self._lanes[endpoint_id]
        lane.claimed -= 1
        began = lane.started.pop(callback_id, None)
        if began is not None:
            lane.last_seconds = self._clock() - began

    def _claimant(self, work: EndpointWork, now: float) -> Claimant:
        lane = self._lanes[work.endpoint_id]
        return Claimant(work.endpoint_id, work.due, lane.claimed, lane.places(now), lane.quick(now))

    def _lane(self, target: Target) -> _Lane:
        return self._lanes.setdefault(target.endpoint.endpoint_id, _Lane(target.endpoint.max_in_flight))
