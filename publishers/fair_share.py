"""How the free places of this process are shared among endpoints that have due callbacks. Pure.

A place is a call that may be in flight. A slow or dead endpoint holds its places for its whole timeout, so:
- endpoints that are not quick share at most half of all places, however many they are;
- an eighth is kept for quick endpoints with fewer than two calls in flight, so that those that turn slow in this
  very second cannot shut out the rest;
- within that, whoever has the fewest calls in flight comes first.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

SLOW_SECONDS = 1.0
"""An endpoint is quick when its last answer came within this, and no call in flight is older."""

_EARLY = 2


@dataclass(frozen=True, slots=True)
class Claimant:
    """An endpoint with due callbacks: how many, its calls in flight here, and how many it may have."""

    endpoint_id: UUID
    due: int
    in_flight: int
    limit: int
    quick: bool


def share(claimants: Sequence[Claimant], *, places: int, in_flight: int, slow_in_flight: int) -> dict[UUID, int]:
    """How many callbacks each may claim now.

    `places` is the process' concurrency, `in_flight` all its calls, `slow_in_flight` those to endpoints that are not
    quick (with nothing more due, too).
    """
    free = places - in_flight
    kept = places // 8
    slow_free = max(1, places // 2) - slow_in_flight
    granted: dict[UUID, int] = {}
    queue = [(claimant.in_flight, place) for place, claimant in enumerate(claimants)]
    heapq.heapify(queue)
    while queue and free > 0:
        busy, place = heapq.heappop(queue)
        claimant = claimants[place]
        early = claimant.quick and busy < _EARLY
        if busy >= claimant.limit or granted.get(claimant.endpoint_id, 0) >= claimant.due:
            continue
        if (not early and free <= kept) or (not claimant.quick and slow_free <= 0):
            continue
        granted[claimant.endpoint_id] = granted.get(claimant.endpoint_id, 0) + 1
        free -= 1
        slow_free -= not claimant.quick
        heapq.heappush(queue, (busy + 1, place))
    return granted
