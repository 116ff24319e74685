"""Does the stream flow again? After a fault, new orders go in for every partition, and must come out at a partner."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from aiokafka.partitioner import murmur2

from tests.chaos.readiness import Readiness
from tests.proof.sink import ProofSink
from tests.proof.stream import Item, identity
from tests.proof.supplier import Answer, Supplier

ENDPOINT = "steady"
"""The partner that must hear of every probe."""

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds since a fault ended: until probes came out for every partition, and until every service said ready.

    None: it did not happen in time. `missing` then says what did not.
    """

    flow_seconds: float | None
    ready_seconds: float | None
    missing: str = ""

    @property
    def seconds(self) -> float | None:
        """Until both."""
        if self.flow_seconds is None or self.ready_seconds is None:
            return None
        return max(self.flow_seconds, self.ready_seconds)


class Prober:
    """Sends probes through the supplier, so that the oracle knows them too."""

    def __init__(self, supplier: Supplier, sink: ProofSink, readiness: Readiness, *, partitions: int) -> None:
        self._supplier = supplier
        self._sink = sink
        self._readiness = readiness
        self._partitions = partitions
        self._numbers = itertools.count()

    async def recovery(self, *, patience_seconds: float) -> Recovery:
        """Send one ticketed order and one void for each partition now, and wait until partners know them all."""
        healed_at = time.monotonic()
        heard_before = len(self._sink.deliveries)
        wanted = {item.order_no: item for item in self._items()}
        flow, ready = await asyncio.gather(
            self._flows(wanted, heard_before, healed_at, patience_seconds),
            self._all_ready(healed_at, patience_seconds),
        )
        return Recovery(flow[0], ready[0], "; ".join(filter(None, (flow[1], ready[1]))))

    async def _flows(
        self, wanted: dict[str, Item], heard_before: int, healed_at: float, patience: float
    ) -> tuple[float | None, str]:
        deadline = healed_at + patience
        sending = [asyncio.create_task(self._insist(item, deadline)) for item in wanted.values()]
        missing, place = set(wanted), heard_before
        while missing and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_SECONDS)
            fresh, place = self._sink.deliveries[place:], len(self._sink.deliveries)
            missing -= {d.order_no for d in fresh if d.endpoint == ENDPOINT and d.accepted_at is not None}
        taken = sum(await asyncio.gather(*sending))
        if not missing:
            return time.monotonic() - healed_at, ""
        return None, f"{taken} of {len(wanted)} probes were taken, {len(missing)} did not come out"

    async def _insist(self, item: Item, deadline: float) -> bool:
        while await self._supplier.send(item) != Answer.ACCEPTED:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    async def _all_ready(self, healed_at: float, patience: float) -> tuple[float | None, str]:
        while missing := self._readiness.not_ready(since=healed_at):
            if time.monotonic() > healed_at + patience:
                return None, "; ".join(f"{name} is not ready: {why}" for name, why in missing.items())
            await asyncio.sleep(_POLL_SECONDS)
        return time.monotonic() - healed_at, ""

    def _items(self) -> Iterator[Item]:
        for kind in ("ticketed", "void"):
            left = set(range(self._partitions))
            while left:
                order_no = f"probe-{kind}-{next(self._numbers)}"
                partition = (murmur2(order_no.encode()) & 0x7FFFFFFF) % self._partitions
                if partition in left:
                    left.remove(partition)
                    body = _ticketed(order_no) if kind == "ticketed" else _void(order_no)
                    yield Item(body, order_no, identity(body, order_no))


def _ticketed(order_no: str) -> bytes:
    passenger = {"name": "PROBE/ONE", "passengerType": 0, "ticketNos": [f"T-{order_no}"], "airlinePNRs": ["PROBE1"]}
    data = {"orderNo": order_no, "orderStatus": 2, "paxTicketInfos": [passenger]}
    return orjson.dumps({"cid": "TAC1", "type": "order.ticketed", "status": -1, "data": data})


def _void(order_no: str) -> bytes:
    data = {"orderNo": order_no, "voidCode": "V-0", "voidStatus": 0, "message": "probe"}
    return orjson.dumps({"cid": "TAC1", "type": "order.void", "status": -1, "data": data})
