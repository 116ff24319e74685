"""A stream whose every effect is there: applied by the processors' own code, delivered by a publisher, to a sink."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import uuid_utils.compat as uuids

from dialects.registry import INBOUND, wire_forms
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from runtime.settings import PolicySettings
from schemas.raw_event import RawEvent
from schemas.topics import raw_topic
from tests.proof.log import LogRecord
from tests.proof.oracle import Evidence
from tests.proof.sink import ProofSink
from tests.proof.stream import DIALECT, Item, stream
from tests.proof.supplier import Answer, Ledger
from tests.services.publishers.world import World, publishing, settings_for, world_on
from tests.waiting import until

RETRIES = 2
REJECTS: Mapping[str, Any] = {"policy": "void", "on_give_up": "reject_void", "event_types": ("order.void",)}
"""The endpoint that carries out voids."""

_BATCH = 20


@dataclass(slots=True)
class Record:
    """A record as it would have come from Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int | None = None

    @property
    def logged(self) -> LogRecord:
        return LogRecord((self.topic, self.partition, self.offset), (dict(self.headers)["ce_id"] or b"").decode())


async def finish(dsn: str, *, seed: int, count: int) -> Evidence:
    """Let this many webhooks have all their effects in this empty database; the evidence of it."""
    ledger, records = Ledger(), list[Record]()
    offsets = itertools.count()
    for item in itertools.islice(stream(seed), count):
        ledger.note(item, Answer.ACCEPTED)
        records.append(_record(item, next(offsets)))
    shares = {"steady": 0.0, "moody": 0.3, "executor": 1.0}
    async with world_on(dsn) as world, ProofSink(shares, seed=seed) as sink:
        for name in shares:
            await world.endpoint(sink.url_of(name), name=name, **(REJECTS if name == "executor" else {}))
        await _apply(world, records)
        await _tell(world)
        return Evidence(ledger, sink.deliveries, [record.logged for record in records], {"executor": RETRIES})


def _record(item: Item, offset: int) -> Record:
    kind = "order.ticketed" if b'"order.ticketed"' in item.body else "order.void"
    raw = RawEvent(uuids.uuid7(), DIALECT, kind, datetime.now(UTC), DIALECT, item.order_no, item.body)
    return Record(raw_topic("proof.", kind), 0, offset, raw.key, item.body, [*raw.to_headers()])


async def _apply(world: World, records: Sequence[Record]) -> None:
    for processor in (PROCESSORS["ticketed"], PROCESSORS["void"]):
        handler = Handler(
            processor,
            pool=world.pool,
            dialects=INBOUND,
            wire_forms=wire_forms(),
            limit=ParkingLimit(window_records=1000, limit_percent=50),
            patience_seconds=5,
        )
        ours = [record for record in records if record.topic.endswith(processor.event_type)]
        for start in range(0, len(ours), _BATCH):
            await handler.handle(ours[start : start + _BATCH])


async def _tell(world: World) -> None:
    quick = PolicySettings(kind="fixed", wait_seconds=0.05, retries=100)
    void = PolicySettings(kind="fixed", wait_seconds=0.05, retries=RETRIES)
    async with publishing(settings_for(world.dsn, policies={"quick": quick, "void": void})):

        async def told() -> bool:
            return set(await world.states()) <= {"delivered", "given_up"}

        await until(told, seconds=40, what="every callback's end")
