"""A seeded stream of supplier webhooks: versions of orders, void statuses in any permutation, repeats, poison.

The same seed and name give the same bytes. Every item knows the identity that ingest and the processors will compute
for it (`schemas.identity`), so that its effects can be looked up later without asking Ticketwire what it made of it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from dialects.registry import INBOUND
from schemas.identity import event_id
from schemas.raw_event import RawEvent

DIALECT = "atlas"
ORDERS_AT_ONCE = 25
"""Orders whose webhooks are mixed with each other; some repeats come later still."""

_STATUSES = (0, 1, 2, 3, 5, 6)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_REFUSED_LENGTH = 10_000
"""Characters of a void code that reads well and is too long for the index: Postgres refuses it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One webhook. `event` is the identity of what it says; None: poison, which is answered 200 and must be parked."""

    body: bytes
    order_no: str
    event: UUID | None


def stream(seed: int, *, name: str = "proof", source: str = DIALECT, poison: float = 0.08) -> Iterator[Item]:
    """Webhooks without end, for the source of this name in the supplier's dialect; take as many as you want.

    `name` begins every order number: streams of different names say different things. `poison` is the share of orders
    of which something is said that nobody can apply.
    """
    draw = random.Random(f"{seed} {name}")
    number, late = 0, list[Item]()
    while True:
        block, late = late, []
        for _ in range(ORDERS_AT_ONCE):
            for item in _order(draw, f"{name}-{seed}-{number}", source, poison):
                block.append(item)
                for _ in range(draw.choices((0, 1, 2), weights=(70, 25, 5))[0]):
                    (late if draw.random() < 0.2 else block).append(_again(draw, item))
            number += 1
        draw.shuffle(block)
        yield from block


def identity(body: bytes, order_no: str, *, source: str = DIALECT) -> UUID:
    """The event that this body is an arrival of. Raises `dialects.contract.Unreadable`."""
    raw = RawEvent(UUID(int=0), source, "", datetime.now(UTC), DIALECT, order_no, body)
    read = INBOUND[DIALECT].read(raw)
    return event_id(source, read.content.type, read.content.order_no, read.digest)


def _order(draw: random.Random, order_no: str, source: str, poison: float) -> list[Item]:
    """All that is said of one order, each thing once."""
    bodies = [_ticketed(draw, order_no, version) for version in range(draw.choices((0, 1, 2, 3), (2, 5, 2, 1))[0])]
    for code in range(draw.choices((0, 1, 2), (4, 5, 1))[0] if bodies else 1):
        said = draw.sample(_STATUSES, draw.randint(1, 4))
        bodies += [_void(order_no, f"V-{code}", status, f"said {status}") for status in said]
        if draw.random() < 0.2:
            bodies.append(_void(order_no, f"V-{code}", said[0], "the same status in other words"))
    items = [Item(body, order_no, identity(body, order_no, source=source)) for body in bodies]
    if draw.random() < poison:
        items.append(Item(_poison(draw, order_no), order_no, None))
    return items


def _again(draw: random.Random, item: Item) -> Item:
    """The same words once more; of an event, perhaps in other bytes."""
    if item.event is None or draw.random() < 0.5:
        return item
    document = orjson.loads(item.body)
    turned = dict(reversed(document.items())) | {"data": dict(reversed(document["data"].items()))}
    return Item(orjson.dumps(turned, option=orjson.OPT_INDENT_2), item.order_no, item.event)


def _ticketed(draw: random.Random, order_no: str, version: int) -> bytes:
    passengers = [
        {
            "name": f"ZHANG/{_LETTERS[place].upper()}",
            "passengerType": place % 3,
            "ticketNos": [f"T-{order_no}-{version}-{place}-{leg}" for leg in range(draw.randint(1, 2))],
            "airlinePNRs": [f"P{version}{place}"],
            "ancillaries": [{"type": "bag", "kg": 20 + version}] if draw.random() < 0.3 else [],
        }
        for place in range(draw.randint(1, 3))
    ]
    status = 2 if draw.random() < 0.93 else 0
    return _body("order.ticketed", {"orderNo": order_no, "orderStatus": status, "paxTicketInfos": passengers})


def _void(order_no: str, code: str, status: Any, message: str) -> bytes:
    return _body("order.void", {"orderNo": order_no, "voidCode": code, "voidStatus": status, "message": message})


def _poison(draw: random.Random, order_no: str) -> bytes:
    """What ingest takes, and no processor can read, or Postgres keep."""
    kind = draw.choices(("status", "passengers", "nul", "refused"), weights=(4, 4, 2, 1))[0]
    mark = f"{order_no} {draw.randrange(10**9)}"
    if kind == "status":
        return _void(order_no, "V-0", "many", mark)
    if kind == "passengers":
        data = {"orderNo": order_no, "orderStatus": 2, "paxTicketInfos": [], "mark": mark}
        return _body("order.ticketed", data)
    if kind == "nul":
        return _void(order_no, "V-0", 0, f"{mark} \x00")
    return _void(order_no, "".join(draw.choices(_LETTERS, k=_REFUSED_LENGTH)), 0, mark)


def _body(event_type: str, data: dict[str, Any]) -> bytes:
    return orjson.dumps({"cid": "TAC1", "type": event_type, "status": -1, "data": data})
