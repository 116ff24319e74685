"""The partners' side of a proof: what it received, as evidence, with faults drawn from a seed."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tests.sink import OK, Reaction, Received, Sink


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that an endpoint received. `said` is `digest_of` the event in it.

    Times are seconds of the sink's monotonic clock; `accepted_at` is None when the answer was no 2xx, or none.
    """

    at: float
    accepted_at: float | None
    endpoint: str
    webhook_id: UUID
    order_no: str
    said: bytes


@dataclass(slots=True)
class ProofSink:
    """`async with ProofSink({"steady": 0.0, "moody": 0.3}, seed=1) as sink:` listens; `sink.url_of(name)` is where.

    The number is the share of requests that an endpoint fails: by a 500, by hanging up, or by a yes that is lost on
    its way. Every endpoint speaks the dialect `standard`. `deliveries` grow in the order of arrival.
    """

    endpoints: Mapping[str, float]
    seed: int
    deliveries: list[Delivery] = field(default_factory=list)
    _server: Sink = field(default_factory=Sink)
    _draws: dict[str, random.Random] = field(default_factory=dict)

    async def __aenter__(self) -> "ProofSink":
        self._draws = {name: random.Random(f"{self.seed} {name}") for name in self.endpoints}
        self._server.choose(self._take)
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    def url_of(self, endpoint: str) -> str:
        return f"{self._server.url}/{endpoint}"

    def _take(self, received: Received) -> Reaction:
        self._server.requests.clear()  # the evidence is kept here, and smaller
        name = received.path.removeprefix("/")
        reaction = self._reaction(name)
        data = orjson.loads(received.body)["data"]
        self.deliveries.append(
            Delivery(
                at=received.at,
                accepted_at=received.at if reaction.status < 300 else None,
                endpoint=name,
                webhook_id=UUID(received.headers["webhook-id"].rpartition("_")[2]),
                order_no=data["order_no"],
                said=digest_of(data["event"]),
            )
        )
        return reaction

    def _reaction(self, endpoint: str) -> Reaction:
        draw = self._draws[endpoint]
        if draw.random() >= self.endpoints[endpoint]:
            return OK
        return draw.choice((Reaction(500), Reaction(503), Reaction(hang_up="at-once", status=500), _LOST_YES))


_LOST_YES = Reaction(hang_up="at-once")
"""The partner has taken it, and its answer never comes."""


def digest_of(event: Mapping[str, Any]) -> bytes:
    """The same for the same content, whatever the order of its fields."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).digest()
