"""The raw events of the proof, by a seed: one order each, two tickets, some of them poison to the broken release."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import uuid_utils.compat as uuids
from aiokafka import AIOKafkaProducer

from schemas.raw_event import RawEvent
from schemas.topics import raw_topic
from tests.replay_proof.release import DIALECT, MISREAD, POISON

SOURCE = "bulk"
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Orders:
    """`poison` could not be read by the broken release, `misread` was read wrong, `right` was not."""

    poison: frozenset[str]
    misread: frozenset[str]
    right: frozenset[str]

    @property
    def all(self) -> list[str]:
        return sorted(self.poison | self.misread | self.right, key=lambda name: name.partition("-")[2])

    def __len__(self) -> int:
        return len(self.poison) + len(self.misread) + len(self.right)


def orders(events: int, seed: int) -> Orders:
    """One in a hundred is poison, one is misread."""
    numbers = random.Random(seed).sample(range(events), events)
    share = max(1, events // 100)
    poison, misread, right = numbers[:share], numbers[share : 2 * share], numbers[2 * share :]
    return Orders(frozenset(_names(POISON, poison)), frozenset(_names(MISREAD, misread)), frozenset(_names("o", right)))


def body(order_no: str) -> bytes:
    passengers = [
        {"name": name, "passengerType": 0, "ticketNos": [f"{mark}-{order_no}"], "airlinePNRs": ["ABC123"]}
        for name, mark in (("zhang/san", "T"), ("li/si", "U"))
    ]
    data = {"orderNo": order_no, "orderStatus": 2, "paxTicketInfos": passengers}
    return orjson.dumps({"cid": "TAC1", "type": "order.ticketed", "status": -1, "data": data})


async def write(bootstrap: str, topic_prefix: str, names: list[str]) -> None:
    """As ingest would have, an event for each order."""
    topic = raw_topic(topic_prefix, "order.ticketed")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=20)
    await producer.start()
    try:
        for begin in range(0, len(names), _AT_ONCE):
            for raw in map(_raw, names[begin : begin + _AT_ONCE]):
                await producer.send(topic, raw.body, key=raw.key, headers=raw.to_headers())
            await producer.flush()
    finally:
        await producer.stop()


def _names(kind: str, numbers: list[int]) -> Iterator[str]:
    return (f"{kind}-{number:07}" for number in numbers)


def _raw(order_no: str) -> RawEvent:
    return RawEvent(
        ce_id=uuids.uuid7(),
        source=SOURCE,
        type="order.ticketed",
        time=datetime.now(UTC),
        dialect=DIALECT,
        order_no=order_no,
        body=body(order_no),
        verified="none",
    )
