"""A processor from Kafka to Postgres: what lands, what parks, and where it goes on."""

import asyncio
import random
import string
from base64 import b64encode
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from dialects.contract import Inbound, Unreadable
from dialects.registry import INBOUND
from schemas.topics import processor_group, raw_topic
from tests.services.processors.conftest import MakeStage, Stage, ticketed_body, void_body
from tests.waiting import until

ENDLESS = "".join(random.Random(1).choices(string.ascii_letters, k=10_000))


async def lag(stage: Stage, name: str, event_type: str) -> int:
    """Records of a processor's topic past its committed offsets."""
    prefix = stage.settings.kafka.topic_prefix
    bootstrap = stage.settings.kafka.bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    committed = await admin.list_consumer_group_offsets(processor_group(prefix, name))
    await admin.close()
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await reader.start()
    topic = raw_topic(prefix, event_type)
    places = [TopicPartition(topic, number) for number in range(stage.settings.kafka.partitions)]
    ends = await reader.end_offsets(places)
    await reader.stop()
    return sum(end - (committed[place].offset if place in committed else 0) for place, end in ends.items())


async def test_events_on_kafka_become_tickets_and_void_cases(stage: Stage) -> None:
    await stage.send(ticketed_body("A", "T1", "T2"), order_no="A")
    await stage.send(void_body("A", 2), order_no="A")
    await stage.send(void_body("never-ticketed", "1"), order_no="never-ticketed")
    async with stage.processing("ticketed") as tickets, stage.processing("void"):
        await until(lambda: stage.count("tickets"))
        await until(lambda: _at_least(stage, "void_cases", 2))
        assert tickets.trouble() is None
    assert await stage.count("orders") == 2
    assert await lag(stage, "ticketed", "order.ticketed") == 0
    assert await lag(stage, "void", "order.void") == 0


async def _at_least(stage: Stage, table: str, wanted: int) -> bool:
    return await stage.count(table) >= wanted


@pytest.mark.parametrize("position", ["first", "middle", "last"])
async def test_a_poison_event_parks_alone_with_its_original_and_the_rest_of_its_batch_lands(
    stage: Stage, position: str
) -> None:
    poison = orjson.dumps({"type": "order.void", "data": {"orderNo": "A", "voidStatus": "x"}})
    bodies = [void_body("A", status) for status in (0, 1, 3)]
    bodies.insert({"first": 0, "middle": 1, "last": 3}[position], poison)
    for body in bodies:
        await stage.send(body, order_no="A")
    async with stage.processing("void"):
        await until(lambda: _at_least(stage, "void_statuses", 3))
        await until(lambda: stage.count("parked"))
    row = await stage.pool.fetchrow("SELECT * FROM parked")
    assert row is not None
    assert (row["value"], row["key"], row["stage"], row["state"]) == (poison, b"A", "read", "parked")
    assert dict(row["headers"])["ce_source"] == b64encode(b"atlas").decode()
    assert len(row["fingerprint"]) == 16
    assert await lag(stage, "void", "order.void") == 0


async def test_an_event_that_postgres_refuses_parks_alone(stage: Stage) -> None:
    for number in range(5):
        await stage.send(void_body("A", 0, code=ENDLESS if number == 2 else f"V-{number}"), order_no="A")
    async with stage.processing("void"):
        await until(lambda: stage.count("parked"))
        await until(lambda: _at_least(stage, "void_cases", 4))
    row = await stage.pool.fetchrow("SELECT stage, reason FROM parked")
    assert row is not None
    assert tuple(row) == ("apply", "data-refused")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([("ce_id", None)], "header-missing"),
        ([("ce_id", b"\xff\xfe"), ("reply_to", b"\x80")], "header-not-utf8"),
        ([], "header-missing"),
    ],
)
async def test_hostile_headers_park_and_the_consumer_goes_on(stage: Stage, headers: Any, reason: str) -> None:
    await stage.send(void_body("A", 0), order_no="A", headers=headers)
    await stage.send(None, order_no="A", type_="order.void")
    await stage.send(void_body("A", 2), order_no="A")
    async with stage.processing("void"):
        await until(lambda: stage.count("void_cases"))
        await until(lambda: _at_least(stage, "parked", 2))
    reasons = await stage.pool.fetch('SELECT reason FROM parked ORDER BY "offset"')
    assert [row["reason"] for row in reasons] == [reason, "tombstone"]


class Broken:
    """A decoder that a release broke."""

    def __init__(self, real: Inbound) -> None:
        self.broken = True
        self._real = real

    def read(self, raw: Any) -> Any:
        if self.broken:
            raise Unreadable("broken", "this release reads nothing")
        return self._real.read(raw)


async def test_a_decoder_that_fails_for_everything_stops_at_the_limit_and_goes_on_after_the_fix(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str
) -> None:
    stage = await make_stage(kafka_bootstrap, database_dsn, parking_window_records=20, batch_records=5)
    for number in range(60):
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")
    decoder = Broken(INBOUND["atlas"])
    dialects: Any = {"atlas": decoder}
    async with stage.processing("void", dialects=dialects) as supervisor:
        await until(_says(supervisor, "parking limit"))
    parked = await stage.count("parked")
    assert parked <= 10
    assert await lag(stage, "void", "order.void") == 60 - parked
    decoder.broken = False
    async with stage.processing("void", dialects=dialects):
        await until(lambda: _at_least(stage, "void_cases", 60 - parked))
    assert await stage.count("parked") == parked


class Refusing:
    """Reads every void as one whose code no index takes: Postgres refuses each of them."""

    def __init__(self, real: Inbound) -> None:
        self._real = real

    def read(self, raw: Any) -> Any:
        read = self._real.read(raw)
        return read._replace(content=read.content.model_copy(update={"void_code": ENDLESS}))


async def test_events_that_are_all_refused_reach_the_limit_too(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str
) -> None:
    stage = await make_stage(kafka_bootstrap, database_dsn, parking_window_records=20, batch_records=5)
    for number in range(60):
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")
    dialects: Any = {"atlas": Refusing(INBOUND["atlas"])}
    async with stage.processing("void", dialects=dialects) as supervisor:
        await until(_says(supervisor, "parking limit"))
    assert 5 < await stage.count("parked") <= 10


def _says(supervisor: Any, words: str) -> Any:
    async def said() -> bool:
        return words in (supervisor.trouble() or "")

    return said


async def test_members_that_come_and_go_double_nothing_and_lose_nothing(stage: Stage) -> None:
    async def feed() -> None:
        for number in range(600):
            await stage.send(void_body(f"O{number % 40}", 0, code=f"V-{number}"), order_no=f"O{number % 40}")

    async def storm() -> None:
        for _ in range(3):
            async with stage.processing("void"), stage.processing("void"):
                await until(_more(stage))

    feeding = asyncio.create_task(feed())
    async with stage.processing("void"):
        await storm()
        await feeding
        await until(lambda: _at_least(stage, "void_cases", 600), seconds=40)
    assert await stage.count("arrivals") == 600
    assert await stage.count("journal") == 600
    assert await stage.count("parked") == 0
    ordered = await stage.pool.fetch(
        'SELECT partition, array_agg("offset" ORDER BY processed_at, "offset") AS offsets FROM arrivals GROUP BY 1'
    )
    for row in ordered:
        assert row["offsets"] == sorted(row["offsets"])


def _more(stage: Stage) -> Any:
    start: list[int] = []

    async def grew() -> bool:
        count = await stage.count("arrivals")
        start.append(count)
        return count >= min(start[0] + 60, 600)

    return grew
