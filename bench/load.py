"""The closed loop: a fixed number of connections, each sending its next event when the last one was answered."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import orjson
from pyreqwest.client import ClientBuilder

CONNECTIONS = 64
_PASSENGER = {
    "passengerType": 0,
    "birthday": "19920202",
    "gender": "F",
    "cardNum": "123457",
    "cardType": "PP",
    "cardIssuePlace": "CN",
    "cardExpired": "20400101",
    "nationality": "CN",
    "airlinePNRs": ["S30814"],
    "ancillaries": [],
}


def ticketed(order_no: str) -> bytes:
    """A ticketed event of about 1.2 KB: two passengers with a ticket each."""
    passengers = [
        {"name": f"ZHANG/{place}", "ticketNos": [f"T{place}-{order_no}"], **_PASSENGER} for place in ("SAN", "LISI")
    ]
    data = {"orderNo": order_no, "orderStatus": 2, "paxTicketInfos": passengers, "note": "." * 560}
    return orjson.dumps({"cid": "BENCH", "type": "order.ticketed", "status": -1, "data": data})


@dataclass(slots=True)
class Sent:
    """What became of a run: seconds each answer took, in milliseconds, and answers by status."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


async def post_all(url: str, bodies: list[bytes]) -> Sent:
    """Post all of these, once each."""
    sent, waiting = Sent(), iter(bodies)
    begun = time.perf_counter()
    async with ClientBuilder().no_proxy().max_connections(CONNECTIONS).build() as client:

        async def connection() -> None:
            for body in waiting:
                at = time.perf_counter()
                request = client.post(url).header("content-type", "application/json").body_bytes(body)
                response = await request.build().send()
                await response.bytes()
                sent.answers[response.status] += 1
                sent.latencies_ms.append((time.perf_counter() - at) * 1000)

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    sent.seconds = time.perf_counter() - begun
    return sent
