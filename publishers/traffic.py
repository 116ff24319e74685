"""Calls in flight from this process, by endpoint, and how quickly each endpoint answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from publishers.endpoints import Target
from publishers.fair_share import SLOW_SECONDS, Claimant, share
from store.callbacks import EndpointWork


@dataclass(slots=True)
class _Lane:
    """One endpoint. A call counts as in flight from its claim; its clock starts with the call itself."""

    limit: int
    claimed: int = 0
    started: dict[UUID, float] = field(default_factory=dict)
    last_seconds: float = SLOW_SECONDS  # an endpoint that never answered has yet to prove itself

    def quick(self, now: float) -> bool:
        oldest = min(self.started.values(), default=now)
        return self.last_seconds < SLOW_SECONDS and now - oldest < SLOW_SECONDS


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

    def full(self) -> list[UUID]:
        """Endpoints that may have no further call."""
        return [endpoint_id for endpoint_id, lane in self._lanes.items() if lane.claimed >= lane.limit]

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
        self._lanes[endpoint_id].claimed += 1

    def started(self, endpoint_id: UUID, callback_id: UUID) -> None:
        self._lanes[endpoint_id].started[callback_id] = self._clock()

    def ended(self, endpoint_id: UUID, callback_id: UUID) -> None:
        self.in_flight -= 1
        lane = self._lanes[endpoint_id]
        lane.claimed -= 1
        began = lane.started.pop(callback_id, None)
        if began is not None:
            lane.last_seconds = self._clock() - began

    def _claimant(self, work: EndpointWork, now: float) -> Claimant:
        lane = self._lanes[work.endpoint_id]
        return Claimant(work.endpoint_id, work.due, lane.claimed, lane.limit, lane.quick(now))

    def _lane(self, target: Target) -> _Lane:
        return self._lanes.setdefault(target.endpoint.endpoint_id, _Lane(target.endpoint.max_in_flight))
