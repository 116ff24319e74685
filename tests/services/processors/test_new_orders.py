"""Two processors that meet on an order which neither of them found: who comes second waits, and begins anew."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from asyncpg.transaction import Transaction
from pydantic import SecretStr

from processors.batch import BatchResult, process
from processors.contract import Processor
from processors.ticketed.apply import TicketedProcessor
from processors.void.apply import VoidProcessor
from runtime.settings import PostgresSettings
from schemas.arrival import Arrival
from schemas.wire_forms import WireForm
from store.orders import CreatedMeanwhile
from store.pool import is_outage, open_pool
from tests.arrivals import arrival, ticketed, void
from tests.waiting import until

WIRE_FORMS = {"standard": WireForm(frozenset({"order.ticketed", "order.void"}))}
TICKETED, VOID = TicketedProcessor(), VoidProcessor()
PAIRS = pytest.mark.parametrize(("first", "second"), [(TICKETED, VOID), (VOID, TICKETED), (TICKETED, TICKETED)])


@dataclass(frozen=True, slots=True)
class Meeting:
    """The transaction of the one who came first, and the batch of the one who waits for it."""

    transaction: Transaction
    waiting: "asyncio.Task[BatchResult]"
    batch: Sequence[Arrival]


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(PostgresSettings(dsn=SecretStr(database_dsn)), name="test")
    yield pool
    await pool.close()


def said(processor: Processor[Any], order_no: str) -> Arrival:
    content = ticketed("T1", order_no=order_no) if processor is TICKETED else void(2, "done", order_no=order_no)
    return arrival(content)


async def run(pool: asyncpg.Pool, processor: Processor[Any], batch: Sequence[Arrival]) -> BatchResult:
    async with pool.acquire() as connection, connection.transaction():
        return await process(connection, processor, batch, wire_forms=WIRE_FORMS)


@asynccontextmanager
async def meeting(pool: asyncpg.Pool, first: Processor[Any], second: Processor[Any]) -> AsyncIterator[Meeting]:
    """The first one has written A1, not committed; the second one comes to it with a batch that has B besides."""
    batch = [said(second, "B"), said(second, "A1")]

    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await process(connection, first, [said(first, "A1")], wire_forms=WIRE_FORMS)
        waiting = asyncio.create_task(run(pool, second, batch))

        async def met() -> bool:
            waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
            return waiting.done() or bool(await pool.fetchval(waits))

        await until(met)
        assert not waiting.done()
        yield Meeting(transaction, waiting, batch)


async def versions(pool: asyncpg.Pool) -> dict[str, int]:
    return {row["order_no"]: row["version"] for row in await pool.fetch("SELECT order_no, version FROM orders")}


@PAIRS
async def test_who_comes_second_takes_nothing_and_finds_the_order_the_next_time(
    pool: asyncpg.Pool, first: Processor[Any], second: Processor[Any]
) -> None:
    async with meeting(pool, first, second) as met:
        await met.transaction.commit()
        with pytest.raises(CreatedMeanwhile) as caught:
            await met.waiting
    assert is_outage(caught.value)
    assert await versions(pool) == {"A1": 1}
    assert await pool.fetchval("SELECT count(*) FROM arrivals") == 1
    await run(pool, second, met.batch)
    assert await versions(pool) == {"A1": 1 if first is second else 2, "B": 1}
    assert await pool.fetchval("SELECT count(*) FROM journal") == (2 if first is second else 3)
    assert await pool.fetchval("SELECT count(*) FROM arrivals") == 3


@PAIRS
async def test_an_order_whose_creation_is_rolled_back_is_created_by_the_second(
    pool: asyncpg.Pool, first: Processor[Any], second: Processor[Any]
) -> None:
    async with meeting(pool, first, second) as met:
        await met.transaction.rollback()
        await met.waiting
    assert await versions(pool) == {"A1": 1, "B": 1}


@PAIRS
async def test_batches_that_meet_on_many_new_orders_in_turn_all_land(
    pool: asyncpg.Pool, first: Processor[Any], second: Processor[Any]
) -> None:
    """Taken from both ends at once, and never a deadlock: orders are inserted in one order by everybody."""
    names = [f"N{number}" for number in range(40)]

    async def land(processor: Processor[Any], order_nos: Sequence[str]) -> int:
        tries = 1
        while True:
            try:
                await run(pool, processor, [said(processor, order_no) for order_no in order_nos])
            except CreatedMeanwhile:
                tries += 1
            else:
                return tries

    tries = await asyncio.gather(land(first, names), land(second, names[::-1]))
    assert min(tries) == 1
    assert max(tries) <= 2
    assert await versions(pool) == dict.fromkeys(names, 1 if first is second else 2)
