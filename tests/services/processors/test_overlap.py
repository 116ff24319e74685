"""A batch beside another: its rows wait for the other's commit, and fall with it."""

import asyncio
from typing import Any

import asyncpg
import pytest

from processors import consume
from processors.handle import Behind
from tests.services.processors.conftest import MakeStage, void_body
from tests.services.processors.test_handle import handler, void_record
from tests.waiting import until


async def waits_with_its_rows(pool: asyncpg.Pool) -> bool:
    """Whether a session has written and holds its transaction open."""
    return bool(
        await pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND backend_xid IS NOT NULL AND datname = current_database()"
        )
    )


async def test_a_batch_is_written_beside_the_one_before_and_committed_after_it(pool: asyncpg.Pool) -> None:
    taker, gate = handler(pool), asyncio.Event()
    first: Any = asyncio.create_task(gate.wait())
    second = asyncio.create_task(taker.handle([void_record(2)], after=first))
    await until(lambda: waits_with_its_rows(pool))
    assert await pool.fetchval("SELECT count(*) FROM void_cases") == 0
    gate.set()
    assert (await second).counts() == {"applied": 1}
    assert await pool.fetchval("SELECT count(*) FROM void_cases") == 1


@pytest.mark.parametrize("ends", ["fails", "is cancelled"])
async def test_nothing_is_taken_of_a_batch_behind_one_that_was_not(pool: asyncpg.Pool, ends: str) -> None:
    taker, gate = handler(pool), asyncio.Event()

    async def fail() -> None:
        await gate.wait()
        raise LookupError

    first: Any = asyncio.create_task(fail())
    second = asyncio.create_task(taker.handle([void_record(2)], after=first))
    await until(lambda: waits_with_its_rows(pool))
    gate.set() if ends == "fails" else first.cancel()
    with pytest.raises(Behind):
        await second
    await asyncio.gather(first, return_exceptions=True)
    assert await pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_what_a_poll_is_too_late_for_is_polled_again(
    make_stage: MakeStage, kafka_bootstrap: str, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost between the batches that began and the next poll."""
    monkeypatch.setattr(consume, "POLL_PATIENCE_SECONDS", 0.0)
    stage = await make_stage(kafka_bootstrap, database_dsn, batch_records=3)
    for number in range(40):
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")

    async def applied() -> bool:
        return await stage.count("void_cases") == 40

    async with stage.processing("void"):
        await until(applied)
    assert await stage.count("journal") == 40
