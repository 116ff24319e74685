"""A steady stream of webhooks that notes which of them were answered 200, and the oracle that counts their effects."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import orjson
from pyreqwest.exceptions import PyreqwestError

from tests.services.e2e.conftest import Whole
from tests.waiting import until


def ticketed_body(order_no: str) -> bytes:
    passengers = [
        {"name": "zhang/san", "passengerType": 0, "ticketNos": [f"T-{order_no}"], "airlinePNRs": ["ABC123"]},
        {"name": "li/si", "passengerType": 1, "ticketNos": [f"U-{order_no}"], "airlinePNRs": ["ABC123"]},
    ]
    data = {"orderNo": order_no, "orderStatus": 2, "paxTicketInfos": passengers}
    return orjson.dumps({"cid": "TAC1", "type": "order.ticketed", "status": -1, "data": data})


def void_body(order_no: str, status: int = 0, *, code: str = "V-1", message: str = "m") -> bytes:
    data = {"orderNo": order_no, "voidCode": code, "voidStatus": status, "message": message}
    return orjson.dumps({"cid": "TAC1", "type": "order.void", "status": -1, "data": data})


@dataclass
class Load:
    """Posts `per_second` webhooks, every fourth one a void, until stopped. Each order number is sent once."""

    whole: Whole
    name: str
    per_second: float = 200
    accepted: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Load":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task
        await asyncio.gather(*self._flying)

    async def _run(self) -> None:
        begun, number = time.monotonic(), 0
        while not self._stop.is_set():
            due = int((time.monotonic() - begun) * self.per_second)
            while number < due:
                task = asyncio.create_task(self._post(number))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
                number += 1
            await asyncio.sleep(0.005)

    async def _post(self, number: int) -> None:
        order_no = f"{self.name}-{number}"
        kind, body = ("void", void_body(order_no)) if number % 4 == 3 else ("ticketed", ticketed_body(order_no))
        try:
            status = await self.whole.post(body)
        except PyreqwestError as error:
            self.answers[type(error).__name__] += 1
            return
        self.answers[str(status)] += 1
        if status == 200:
            self.accepted[order_no] = kind


async def everything_arrived(load: Load, *paths: str, seconds: float = 60) -> None:
    """Each accepted event: one order, one journal entry, its rows once, one callback at each path, by one id.

    The endpoint of a path has the path's name; endpoints of other tests may hear of these orders too.
    """
    endpoints = [path.removeprefix("/") for path in paths]
    whole, accepted = load.whole, load.accepted
    like = f"{load.name}-%"

    async def delivered() -> bool:
        # First what landed: what lands between the two looks has callbacks that wait.
        landed = await whole.count("SELECT count(*) FROM orders WHERE order_no = ANY ($1)", list(accepted))
        waiting = await whole.count(
            "SELECT count(*) FROM callbacks c JOIN orders USING (order_id) JOIN endpoints e USING (endpoint_id)"
            " WHERE order_no LIKE $1 AND c.state <> 'delivered' AND e.name = ANY ($2)",
            like,
            endpoints,
        )
        return waiting == 0 and landed == len(accepted)

    await until(delivered, seconds=seconds, what="the delivery of everything accepted")
    rows = await whole.database.fetch(
        "SELECT o.order_no, o.version, (SELECT count(*) FROM journal j WHERE j.order_id = o.order_id) AS entries,"
        " (SELECT count(*) FROM tickets t WHERE t.order_id = o.order_id) AS tickets,"
        " (SELECT count(*) FROM void_cases v WHERE v.order_id = o.order_id) AS voids,"
        " (SELECT count(*) FROM callbacks c JOIN endpoints e USING (endpoint_id)"
        "   WHERE c.order_id = o.order_id AND e.name = ANY ($2)) AS callbacks"
        " FROM orders o WHERE o.order_no LIKE $1",
        like,
        endpoints,
    )
    found = {row["order_no"]: row for row in rows}
    assert set(accepted) <= set(found), "events that were answered 200 are lost"
    for order_no, row in found.items():
        effects = (row["version"], row["entries"], row["tickets"], row["voids"], row["callbacks"])
        kind = "void" if row["voids"] else "ticketed"
        assert effects == ((1, 1, 0, 1, len(paths)) if kind == "void" else (1, 1, 2, 0, len(paths))), order_no
    for path in paths:
        ids: dict[str, set[str]] = {}
        for request in whole.sink.at(path):
            order_no = orjson.loads(request.body)["data"]["order_no"]
            ids.setdefault(order_no, set()).add(request.headers["webhook-id"])
        assert set(accepted) <= set(ids), "callbacks of events that were answered 200 did not come"
        assert all(len(known) == 1 for known in ids.values()), "a callback came under two ids"
    assert await whole.count("SELECT count(*) FROM parked") == 0
