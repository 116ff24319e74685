"""The benchmark on real servers, small: its shape, its account, and that it refuses what is not durable."""

from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from bench.durability import NotDurable, must_hold, postgres_proof
from bench.ledger import Ledger
from bench.report import tables
from bench.run import PARTS, WARM_EVENTS, Plan, run
from cli.bench_machine import bench_machine
from cli.demo_command import Defaults
from runtime.settings import KafkaSettings, PostgresSettings
from tests.services.conftest import OwnPostgres

EVENTS = 1200


@pytest.mark.timeout(400)  # nine services and five processes beside them, started on a machine that others may be using
async def test_a_small_run_measures_every_part_and_settles_every_id(
    kafka_bootstrap: str, own_postgres: OwnPostgres, tmp_path: Path
) -> None:
    postgres = await own_postgres(extra_settings={})
    given = Defaults(
        kafka=KafkaSettings(bootstrap_servers=kafka_bootstrap), postgres=PostgresSettings(dsn=SecretStr(postgres.dsn))
    )
    said: list[str] = []
    async with bench_machine(given, folder=tmp_path, talk=said.append) as machine:
        figures = await run(
            machine,
            Plan(events=EVENTS, seconds=1.0, rounds=1, overload=2.0, few=700, many=7000, due=500, parts=PARTS),
            said.append,
        )
    sent = WARM_EVENTS + 5 * EVENTS + 3 * 200
    assert figures["ids"] == dict.fromkeys(("sent", "accepted", "applied", "delivered"), sent) | {
        "lost": 0,
        "doubled": 0,
    }
    assert figures["ceilings"].keys() == {"noop_per_s", "bare_rows_per_s", "bare_client_per_s"}
    assert figures["ratios"].keys() == {"ingest", "processors", "publishers", "whole"}
    assert all(0 < ratio < 2 for ratio in figures["ratios"].values())
    assert 0 < figures["e2e"]["p50_ms_at_200"] <= figures["e2e"]["p99_ms_at_200"]
    assert figures["e2e"]["delivered_per_s"] > 0
    assert figures["claims"]["of_few"].keys() == figures["claims"]["of_many"].keys() >= {"p50_ms", "p99_ms"}
    assert figures["pairs"]["two_publishers_per_s"] > 0
    assert figures["pairs"].keys() >= {"ratio_processors", "ratio_publishers"}
    assert figures["replays"]["apply_per_s"] > 0
    assert figures["replays"]["rebuild_per_s"] > 0
    assert figures["dead_endpoint"]["ratio_p99"] > 0
    assert (figures["overload"]["lost"], figures["overload"]["answers"].keys() <= {"200", "503"}) == (0, True)
    assert figures["overload"]["resident_mb_before"] <= figures["overload"]["resident_mb_at_most"]
    assert figures["cpu_ms_per_event"]["total"] is None, "Kafka and Postgres run elsewhere: nobody may add it up"
    assert {"ingest", "processor-ticketed", "publisher", "generator", "sink"} <= figures["cpu_ms_per_event"].keys()
    assert False not in figures["durability"].values()
    assert next(table.heading for table in tables(figures)) == "measured against its goal"
    assert await _databases(postgres.dsn) == {"postgres", "ticketwire"}, "what it made is gone"


async def test_figures_without_durability_are_refused(database_dsn: str) -> None:
    database = await asyncpg.connect(database_dsn)
    try:
        proof = await postgres_proof(database)
    finally:
        await database.close()
    assert proof["fsync"] is False
    with pytest.raises(NotDurable, match="fsync"):
        must_hold(proof)


async def test_a_service_that_asks_for_no_synchronous_commit_is_found_out(own_postgres: OwnPostgres) -> None:
    postgres = await own_postgres(extra_settings={})
    for publisher_asks in ("on", "off"):
        async with AsyncExitStack() as stack:
            for writer, asks in (("processor ticketed", "on"), ("publisher", publisher_asks)):
                asked = {"application_name": f"ticketwire {writer}", "synchronous_commit": asks}
                session = await asyncpg.connect(postgres.dsn, server_settings=asked)
                stack.push_async_callback(session.close)
                await session.execute(f'CREATE TABLE "{writer} {publisher_asks}" (n integer)')
                await session.execute("SELECT pg_stat_force_next_flush()")
            database = await asyncpg.connect(postgres.dsn)
            stack.push_async_callback(database.close)
            proof = await postgres_proof(database)
        assert proof["synchronous_commit"] is True, "the server's settings do not tell"
        assert proof["sessions_flush_their_commits"] is (publisher_asks == "on")


async def test_what_is_missing_or_there_twice_is_in_the_account(database_dsn: str) -> None:
    ledger = Ledger(sent=4, accepted={"whole", "undelivered", "unapplied"}, received={"whole": 1})
    ledger.messages.update(["msg_1", "msg_1"])
    database = await asyncpg.connect(database_dsn)
    try:
        for order_no, changes in (("whole", 1), ("undelivered", 2)):
            order = uuid4()
            await database.execute(
                "INSERT INTO orders (order_id, source, order_no, ticketed_event) VALUES ($1, 'bench', $2, $1)",
                order,
                order_no,
            )
            for version in range(changes):
                await database.execute("INSERT INTO journal VALUES ($1, $2, $1, '{}', true)", order, version)
        ids = await ledger.ids(database)
    finally:
        await database.close()
    assert ids == {"sent": 4, "accepted": 3, "applied": 2, "delivered": 1, "lost": 2, "doubled": 2}


async def _databases(dsn: str) -> set[str]:
    database = await asyncpg.connect(dsn)
    try:
        return {row[0] for row in await database.fetch("SELECT datname FROM pg_database WHERE NOT datistemplate")}
    finally:
        await database.close()
