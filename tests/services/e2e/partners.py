"""The partners' side beside a whole hub: simulated partners as endpoints, orders of the examples, contexts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cli.partner_manners import ordered
from cli.partner_server import PartnerServer
from dialects.registry import PARTNERS
from tests.services.e2e.conftest import Whole
from tests.waiting import until

SAMPLES = Path(__file__).parents[2] / "samples"
SECRET = "a secret between two"
TICKETED = (SAMPLES / "atlas" / "04-atlas-order-ticketed-full.json").read_bytes()
_PLATFORMS_NUMBER = ("alitrip_order_id", "purchaseOrderNo")
VOID = (SAMPLES / "atlas" / "05-atlas-order-void-typical.json").read_bytes()


def ticketed(order_no: str, **passenger: Any) -> bytes:
    """Example 04 of another order; `passenger` changes its first passenger."""
    message = json.loads(TICKETED)
    message["data"]["orderNo"] = order_no
    message["data"]["paxTicketInfos"][0] |= passenger
    return json.dumps(message, ensure_ascii=False).encode()


def void(order_no: str) -> bytes:
    message = json.loads(VOID)
    message["data"]["orderNo"] = order_no
    return json.dumps(message, ensure_ascii=False).encode()


def context(party: str) -> dict[str, Any] | None:
    """What the seller adds to example 04 for this party."""
    described = json.loads((SAMPLES / party / "party.json").read_bytes())
    name = described.get("outbound", {}).get("context")
    return json.loads((SAMPLES / party / name).read_bytes()) if name else None


async def put_context(whole: Whole, order_no: str, *parties: str) -> None:
    """Store the examples' contexts; where the platform has an order number of its own, it is ours here."""
    contexts = {}
    for party in parties:
        found = context(party) or {}
        contexts[party] = found | {name: order_no for name in _PLATFORMS_NUMBER if name in found}
    await whole.api("PUT", f"/orders/{order_no}/context", contexts)


@asynccontextmanager
async def partner(whole: Whole, party: str, *orders: str, name: str) -> AsyncIterator[PartnerServer]:
    """A simulated partner, and an endpoint of that name that calls it as quickly as the tests' policy does."""
    misbehave = [ordered(order) for order in orders]
    async with PartnerServer(PARTNERS[party], secret=SECRET, misbehave=misbehave) as server:
        form = {"name": name, "url": server.url, "dialect": party, "policy": "quick", "timeout_seconds": 2}
        endpoint = await whole.api("POST", "/endpoints", form | {"credentials": server.credentials})
        try:
            yield server
        finally:
            await whole.api("DELETE", f"/endpoints/{endpoint['endpoint_id']}")


async def callbacks(whole: Whole, name: str, order_no: str) -> list[dict[str, Any]]:
    """The endpoint's callbacks of one order, the first owed first."""
    listed = (await whole.api("GET", f"/callbacks?endpoint={name}&order_no={order_no}"))["callbacks"]
    return sorted(listed, key=lambda callback: int(callback["sequence"]))


async def in_states(whole: Whole, name: str, order_no: str, *states: str) -> list[dict[str, Any]]:
    """Wait until the endpoint's callbacks of the order are in exactly these states, in the order in which they were
    owed, and return them.
    """

    async def reached() -> list[dict[str, Any]] | None:
        found = await callbacks(whole, name, order_no)
        return found if tuple(callback["state"] for callback in found) == states else None

    found: list[dict[str, Any]] = await until(reached, what=f"callbacks of {order_no} at {name} in {states}")
    return found


async def send(
    whole: Whole, source: str, body: bytes, *, path: str = "", content_type: str = "application/json"
) -> tuple[int, bytes]:
    """Call a source as its platform would; status and body of the answer."""
    request = whole.http.post(f"{whole.running.ingest}/in/{source}{path}").header("content-type", content_type)
    response = await request.body_bytes(body).build().send()
    return response.status, bytes(await response.bytes())
