"""Kafka or Postgres killed under a processor: it goes on by itself, and nothing is lost, doubled or parked."""

import asyncio
from typing import Any

import structlog

from store.migrate import migrate
from tests.services.conftest import OwnKafka, OwnPostgres
from tests.services.processors.conftest import MakeStage, Stage, void_body
from tests.waiting import until


async def feed(stage: Stage, numbers: range) -> None:
    for number in numbers:
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")


def has(stage: Stage, table: str, wanted: int) -> Any:
    async def enough() -> bool:
        try:
            return await stage.count(table) >= wanted
        except OSError:
            return False

    return enough


async def test_postgres_killed_under_load_loses_doubles_and_parks_nothing(
    make_stage: MakeStage, own_postgres: OwnPostgres, kafka_bootstrap: str
) -> None:
    postgres = await own_postgres(extra_settings={})
    await migrate(postgres.dsn)
    stage = await make_stage(kafka_bootstrap, postgres.dsn, batch_records=20)
    async with stage.processing("void") as supervisor:
        feeding = asyncio.create_task(feed(stage, range(400)))
        await until(has(stage, "arrivals", 50))
        postgres.kill()
        await postgres.wait()
        await feeding
        await feed(stage, range(400, 450))  # there may have been time for all of the others
        await until(_troubled(supervisor))
        await postgres.restart()
        await until(has(stage, "arrivals", 450), seconds=30)
        await until(_fine(supervisor))
    assert await stage.count("journal") == 450
    assert await stage.count("parked") == 0


async def test_postgres_away_longer_than_a_batch_waits_is_read_again_with_what_was_read_after_it(
    make_stage: MakeStage, own_postgres: OwnPostgres, kafka_bootstrap: str
) -> None:
    postgres = await own_postgres(extra_settings={})
    await migrate(postgres.dsn)
    stage = await make_stage(kafka_bootstrap, postgres.dsn, retry_in_place_seconds=0.3, batch_records=7)
    postgres.kill()
    await postgres.wait()
    await feed(stage, range(30))
    with structlog.testing.capture_logs() as lines:

        async def read_again() -> bool:
            return len([line for line in lines if line["event"] == "batch.reread"]) >= 2

        async with stage.processing("void"):
            await until(read_again)
            await postgres.restart()
            await until(has(stage, "arrivals", 30), seconds=30)
    assert len(stage.consumers) == 1
    assert await stage.count("journal") == 30
    assert await stage.count("parked") == 0


async def test_kafka_killed_under_load_is_come_back_to_without_a_restart(
    make_stage: MakeStage, own_kafka: OwnKafka, database_dsn: str
) -> None:
    kafka = await own_kafka()
    stage = await make_stage(kafka.bootstrap_servers, database_dsn, batch_records=20)
    async with stage.processing("void"):
        await feed(stage, range(100))
        await until(has(stage, "arrivals", 20))
        kafka.kill()
        await kafka.wait()
        await kafka.restart()
        await feed(stage, range(100, 200))
        await until(has(stage, "arrivals", 200), seconds=30)
    assert await stage.count("journal") == 200
    assert await stage.count("parked") == 0


async def test_a_processor_started_before_kafka_begins_when_it_comes(
    make_stage: MakeStage, own_kafka: OwnKafka, database_dsn: str
) -> None:
    kafka = await own_kafka()
    stage = await make_stage(kafka.bootstrap_servers, database_dsn)
    await feed(stage, range(5))
    await kafka.stop()
    async with stage.processing("void") as supervisor:
        await until(_says(supervisor, "cannot reach Kafka"))
        await kafka.start()
        await until(has(stage, "arrivals", 5), seconds=30)


def _says(supervisor: Any, words: str) -> Any:
    async def said() -> bool:
        return words in (supervisor.trouble() or "")

    return said


def _troubled(supervisor: Any) -> Any:
    return _says(supervisor, "Postgres")


def _fine(supervisor: Any) -> Any:
    async def fine() -> bool:
        return supervisor.trouble() is None

    return fine
