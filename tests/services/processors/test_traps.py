"""The traps of Kafka's client and its groups, one test each: the work goes on by itself, nothing is lost or doubled."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, codec
from aiokafka.errors import CommitFailedError

from processors import watched
from processors.consume import Consumer
from processors.supervise import LOOK_SECONDS, Supervisor
from tests.services.processors.conftest import MakeStage, Stage, ticketed_body, void_body
from tests.services.processors.test_consume import lag
from tests.waiting import until

RECOVERED_WITHIN_SECONDS = 30


async def feed(stage: Stage, numbers: range) -> None:
    for number in numbers:
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")


def applied(stage: Stage, wanted: int) -> Any:
    async def enough() -> bool:
        return await stage.count("arrivals") >= wanted

    return enough


def client_of(consumer: Consumer) -> Any:
    """Its Kafka client, whose inner parts these tests put out of order."""
    assert consumer.client is not None
    return consumer.client


async def exactly(stage: Stage, events: int) -> None:
    """So many events took effect, each once."""
    for table in ("arrivals", "journal", "void_cases"):
        assert await stage.count(table) == events, table
    assert await stage.count("parked") == 0


async def test_trap_a_member_without_partitions_is_well_and_takes_over_when_another_leaves(stage: Stage) -> None:
    """It must also outlive max.poll.interval, after which such a member could never join again (aiokafka 1187)."""
    members = stage.settings.kafka.partitions + 1
    async with AsyncExitStack() as opened:
        supervisors = [await opened.enter_async_context(stage.processing("void")) for _ in range(members)]

        def shares() -> list[int]:
            return sorted(len(c.client.assignment()) if c.client else -1 for c in stage.consumers)

        await until(lambda: shares() == [0, 1, 1, 1, 1] and shares())
        await until(lambda: [s.trouble() for s in supervisors] == [None] * members)
        (spare,) = [c for c in stage.consumers if not client_of(c).assignment()]
        client_of(spare)._coordinator._max_poll_interval = 0.5
        joined_at = time.monotonic()
        await until(lambda: time.monotonic() - joined_at > 1.5)
        assert shares() == [0, 1, 1, 1, 1]

        leaving = next(s for s, c in zip(supervisors, stage.consumers, strict=True) if c is not spare)
        await leaving.stop()
        await until(lambda: bool(client_of(spare).assignment()))
        await feed(stage, range(20))
        await until(applied(stage, 20))
    await exactly(stage, 20)
    assert len(stage.consumers) == members, "nobody was replaced"


async def test_trap_a_rejoin_that_never_ends_is_ended_by_a_new_client(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the true patience (aiokafka 1154)."""
    async with stage.processing("void") as supervisor:
        await feed(stage, range(5))
        await until(applied(stage, 5))
        stuck = client_of(stage.consumers[0])
        monkeypatch.setattr(stuck._coordinator, "_do_rejoin_group", never)
        stuck._coordinator.request_rejoin()
        stuck_at = time.monotonic()
        await feed(stage, range(5, 10))
        await until(_says(supervisor, "is joining its group"))
        await until(applied(stage, 10), seconds=RECOVERED_WITHIN_SECONDS)
        assert time.monotonic() - stuck_at < RECOVERED_WITHIN_SECONDS
        await until(lambda: supervisor.trouble() is None)
        assert stuck._coordinator._coordination_task.done()
        assert client_of(stage.consumers[1]) is not stuck
    await exactly(stage, 10)


async def test_trap_a_cancelled_fetch_leaves_no_consumer_that_reads_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client cannot even stop; still beating its heart, it would keep partitions that nobody reads."""
    supervisor = stage.supervisor("void")
    supervisor._patience = 1.0
    supervisor.start()
    try:
        await feed(stage, range(5))
        await until(applied(stage, 5))
        monkeypatch.setattr(client_of(stage.consumers[0])._coordinator, "close", never)
        for task in stage.consumers[0]._subscriber.tasks:
            task.cancel()
        await feed(stage, range(5, 10))
        await until(applied(stage, 10), seconds=RECOVERED_WITHIN_SECONDS)
        assert len(stage.consumers) == 2
        every = stage.settings.kafka.partitions
        await until(lambda: len(client_of(stage.consumers[1]).assignment()) == every, what="every partition")
    finally:
        await supervisor.stop()
    await exactly(stage, 10)


async def test_trap_a_consumer_that_ends_with_records_in_hand_is_replaced_though_the_client_has_none(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str
) -> None:
    """What was read and is not taken lies behind the client's position."""
    stage = await make_stage(kafka_bootstrap, database_dsn, batch_records=2)
    for status in range(4):
        await stage.send(void_body("O1", status), order_no="O1")
    supervisor = stage.supervisor("void")
    supervisor._patience = 1.0
    async with locked(stage.pool, "orders") as release:
        supervisor.start()
        try:
            await until(lambda: stage.consumers and stage.consumers[0].in_hand == 4)
            for task in stage.consumers[0]._subscriber.tasks:
                task.cancel()
            await release()
            await until(applied(stage, 4), seconds=RECOVERED_WITHIN_SECONDS)
        finally:
            await supervisor.stop()
    assert len(stage.consumers) == 2


async def test_trap_a_batch_longer_than_max_poll_interval_is_read_by_another_and_doubles_nothing(stage: Stage) -> None:
    """The client leaves the group while the batch is under way; its own commit comes too late."""
    await feed(stage, range(30))
    async with locked(stage.pool, "orders") as release, stage.processing("void"):
        await until(lambda: stage.consumers and stage.consumers[0].batch_since)
        slow = client_of(stage.consumers[0])
        slow._coordinator._max_poll_interval = 1.0
        await until(lambda: slow._coordinator.generation < 0, what="the slow member's leave")
        async with stage.processing("void"):
            await until(lambda: stage.consumers[1:] and stage.consumers[1].batch_since, what="the batch at another")
            slow._coordinator._max_poll_interval = 300.0
            await release()
            await until(applied(stage, 30))
            await feed(stage, range(30, 40))
            await until(applied(stage, 40))
    await exactly(stage, 40)


async def test_trap_a_batch_may_take_longer_than_the_watch_is_patient(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str
) -> None:
    """What is under way is not stuck, though more waits behind it: replacing it again and again would be a loop."""
    stage = await make_stage(kafka_bootstrap, database_dsn, batch_records=2)
    await feed(stage, range(10))
    supervisor = stage.supervisor("void")
    supervisor._patience = 0.5
    async with locked(stage.pool, "orders") as release:
        supervisor.start()
        try:
            await until(lambda: stage.consumers and stage.consumers[0].batch_since)
            begun = time.monotonic()
            await until(lambda: time.monotonic() - begun > 2.5 * LOOK_SECONDS)
            assert len(stage.consumers) == 1
            await release()
            await until(applied(stage, 10))
        finally:
            await supervisor.stop()
    assert len(stage.consumers) == 1
    await exactly(stage, 10)


async def test_trap_a_batch_that_never_ends_is_given_up_though_the_client_lost_count(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch that failed makes the client count idle time never again: max.poll.interval is not enforced any more."""
    monkeypatch.setattr(watched, "BATCH_PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr("processors.consume.BATCH_GRACE_SECONDS", 0.5)
    supervisor = stage.supervisor("void")
    supervisor._patience = 1.0
    await feed(stage, range(10))
    async with locked(stage.pool, "orders") as release:
        supervisor.start()
        try:
            await until(lambda: stage.consumers and stage.consumers[0].batch_since)
            client_of(stage.consumers[0])._subscription._fetch_count += 1
            await until(lambda: len(stage.consumers) > 1, what="a new consumer")
            await release()
            await until(applied(stage, 10))
        finally:
            await supervisor.stop()
    await exactly(stage, 10)


async def test_trap_a_commit_that_fails_after_postgres_committed_is_a_second_reading(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise CommitFailedError("the group has moved on")

    with monkeypatch.context() as patched:
        patched.setattr(AIOKafkaConsumer, "commit", fails)
        async with stage.processing("void"):
            await feed(stage, range(20))
            await until(applied(stage, 20))
        assert await lag(stage, "void", "order.void") == 20
    async with stage.processing("void"):
        await until(lambda: _committed(stage))
    await exactly(stage, 20)


async def _committed(stage: Stage) -> bool:
    return await lag(stage, "void", "order.void") == 0


@pytest.mark.parametrize("name", ["gzip", "snappy", "lz4", "zstd"])
async def test_trap_whatever_codec_a_producer_chose_is_read(stage: Stage, name: str) -> None:
    """A codec that is missing here would stall the consumer; a third party chooses it."""
    assert getattr(codec, f"has_{name}")()
    bootstrap = stage.settings.kafka.bootstrap_servers
    plain = stage.producer
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=name) as stage.producer:
        for number in range(5):
            await stage.send(void_body(f"O{number}", 0, message="again " * 500), order_no=f"O{number}")
    stage.producer = plain
    async with stage.processing("void"):
        await until(applied(stage, 5))
    await exactly(stage, 5)


async def test_trap_a_tombstone_parks_and_its_order_goes_on(stage: Stage) -> None:
    await stage.send(ticketed_body("A", "T1"), order_no="A")
    await stage.send(None, order_no="A", type_="order.ticketed")
    await stage.send(ticketed_body("A", "T2"), order_no="A")
    async with stage.processing("ticketed"):
        await until(applied(stage, 2))
        await until(lambda: stage.count("parked"))
    row = await stage.pool.fetchrow("SELECT reason, value FROM parked")
    assert row is not None
    assert tuple(row) == ("tombstone", None)
    assert await lag(stage, "ticketed", "order.ticketed") == 0


@pytest.mark.parametrize("batch_records", [1, 3])
async def test_trap_poison_alone_in_its_batch_and_at_its_edges_stops_nobody(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str, batch_records: int
) -> None:
    """Batches of one: every poison event is alone. Of three: it comes first and last."""
    stage = await make_stage(kafka_bootstrap, database_dsn, batch_records=batch_records)
    poison = orjson.dumps({"type": "order.void", "data": {"orderNo": "A", "voidStatus": "x"}})
    bodies = [poison, void_body("A", 0), void_body("A", 1), void_body("A", 3), void_body("A", 2), poison]
    for body in bodies:
        await stage.send(body, order_no="A")
    async with stage.processing("void"):
        await until(applied(stage, 4))
        await until(lambda: _parked(stage, 2))
    assert await lag(stage, "void", "order.void") == 0
    assert [bytes(row["value"]) for row in await stage.pool.fetch("SELECT value FROM parked")] == [poison, poison]


async def _parked(stage: Stage, wanted: int) -> bool:
    return await stage.count("parked") == wanted


def _says(supervisor: Supervisor, words: str) -> Any:
    return lambda: words in (supervisor.trouble() or "")


async def never(*_: object) -> None:
    await asyncio.Event().wait()


class locked:  # noqa: N801 - used as a context manager, as `asyncio.timeout` is
    """Holds a table so that no batch can be applied; gives what lets go of it."""

    def __init__(self, pool: asyncpg.Pool, table: str) -> None:
        self._pool = pool
        self._table = table
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Any:
        connection = await self._stack.enter_async_context(self._pool.acquire())
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        await self._stack.enter_async_context(connection.transaction())
        await connection.execute(f"LOCK TABLE {self._table}")
        return self._stack.aclose

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
