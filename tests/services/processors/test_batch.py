"""A batch on a real Postgres: everything of an event in one transaction, nothing twice."""

import asyncio
import random
import string
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from processors.batch import BatchResult, Refused, process
from processors.contract import Processor
from processors.ticketed.apply import TicketedProcessor
from processors.void.apply import VoidProcessor
from runtime.settings import PostgresSettings
from schemas.arrival import Arrival
from schemas.events import EVENT_CONTENT, EventContent, OrderTicketed
from schemas.identity import order_id
from schemas.outcomes import Verdict
from schemas.wire_forms import WireForm
from store.contexts import put_contexts
from store.pool import open_pool
from tests.arrivals import SOURCE, arrival, ticketed, void
from tests.waiting import until

WIRE_FORMS = {
    "standard": WireForm(frozenset({"order.ticketed", "order.void"})),
    "tickets-only": WireForm(frozenset({"order.ticketed"})),
    "named-only": WireForm(frozenset({"order.ticketed"}), only_named=True),
}
TICKETED, VOID = TicketedProcessor(), VoidProcessor()
TOO_LONG_FOR_AN_INDEX = "".join(random.Random(1).choices(string.ascii_letters, k=10_000))


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(PostgresSettings(dsn=SecretStr(database_dsn)), name="test")
    yield pool
    await pool.close()


async def run(pool: asyncpg.Pool, processor: Processor[Any], arrivals: Sequence[Arrival]) -> BatchResult:
    async with pool.acquire() as connection, connection.transaction():
        return await process(connection, processor, arrivals, wire_forms=WIRE_FORMS)


async def endpoint(pool: asyncpg.Pool, *, dialect: str = "standard", sources: Sequence[str] = ()) -> UUID:
    endpoint_id = uuid4()
    await pool.execute(
        "INSERT INTO endpoints (endpoint_id, name, url, dialect, event_types, policy, secrets, filter)"
        " VALUES ($1, $2, 'http://127.0.0.1:1/', $3, '{order.ticketed,order.void}', 'void', '', $4)",
        endpoint_id,
        str(endpoint_id),
        dialect,
        {"sources": list(sources)} if sources else {},
    )
    return endpoint_id


async def everything(pool: asyncpg.Pool) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the state, without the clock's columns."""
    found = {}
    for table, columns in {
        "orders": "source, order_no, ticketed_event, ticketed_at, attention, version",
        "passengers": "*",
        "tickets": "*",
        "pnrs": "*",
        "ancillaries": "*",
        "void_cases": "*",
        "void_statuses": "*",
        "events": "event_id, arrived_at, content",
        "journal": "order_id, version, event_id, change",
        "callbacks": "callback_id, endpoint_id, event_id, sequence, state",
    }.items():
        found[table] = [tuple(row) for row in await pool.fetch(f"SELECT {columns} FROM {table} ORDER BY 1, 2")]
    return found


async def test_a_ticketed_event_fills_the_order_and_owes_each_endpoint_one_callback(pool: asyncpg.Pool) -> None:
    wanted, only_other = await endpoint(pool), await endpoint(pool, sources=["another"])
    result = await run(pool, TICKETED, [arrival(ticketed("T1", "T2"))])
    assert [verdict for _, verdict in result.verdicts] == [Verdict.APPLIED]
    rows = await everything(pool)
    assert [row[1:3] for row in rows["orders"]] == [("A1", rows["events"][0][0])]
    assert [row[-1] for row in rows["tickets"]] == ["T1", "T2"]
    assert [row[-1] for row in rows["pnrs"]] == ["PT1", "PT2"]
    assert [row[1] for row in rows["callbacks"]] == [wanted]
    assert only_other not in {row[1] for row in rows["callbacks"]}


async def test_the_same_batch_again_changes_nothing(pool: asyncpg.Pool) -> None:
    await endpoint(pool)
    batch = [arrival(ticketed("T1")), arrival(ticketed("T2"), at_second=5)]
    await run(pool, TICKETED, batch)
    once = await everything(pool)
    result = await run(pool, TICKETED, batch)
    assert (result.redelivered, result.verdicts) == (2, [])
    assert await everything(pool) == once


async def test_a_hundred_arrivals_of_one_event_are_one_effect(pool: asyncpg.Pool) -> None:
    await endpoint(pool)
    arrivals = [arrival(ticketed("T1"), at_second=n) for n in range(100)]
    await asyncio.gather(*(run(pool, TICKETED, arrivals[n::10]) for n in range(10)))
    rows = await everything(pool)
    assert {table: len(rows[table]) for table in ("orders", "events", "tickets", "journal", "callbacks")} == {
        "orders": 1,
        "events": 1,
        "tickets": 1,
        "journal": 1,
        "callbacks": 1,
    }
    assert await pool.fetchval("SELECT count(*) FROM arrivals") == 100
    assert rows["orders"][0][3] == arrivals[0].arrived_at


async def test_a_newer_ticketed_event_replaces_the_fill_and_an_older_one_does_not(pool: asyncpg.Pool) -> None:
    await run(pool, TICKETED, [arrival(ticketed("T1", "T2"), at_second=5)])
    await run(pool, TICKETED, [arrival(ticketed("T9"), at_second=9)])
    await run(pool, TICKETED, [arrival(ticketed("T0", "T0"), at_second=1)])
    rows = await everything(pool)
    assert [row[-1] for row in rows["tickets"]] == ["T9"]
    assert len(rows["passengers"]) == 1
    assert len(rows["events"]) == 3


async def test_a_void_for_an_order_not_yet_seen_works_and_tickets_come_later(pool: asyncpg.Pool) -> None:
    await endpoint(pool)
    await run(pool, VOID, [arrival(void(0, "taken")), arrival(void(2, "done"), at_second=1)])
    await run(pool, TICKETED, [arrival(ticketed("T1"), at_second=2)])
    rows = await everything(pool)
    assert [row[2:4] for row in rows["void_cases"]] == [(2, "done")]
    assert len(rows["void_statuses"]) == 2
    assert [row[5] for row in rows["orders"]] == [3]
    assert [row[-1] for row in rows["tickets"]] == ["T1"]


async def test_callbacks_of_one_order_queue_behind_the_unfinished_one(pool: asyncpg.Pool) -> None:
    await endpoint(pool)
    await run(pool, VOID, [arrival(void(0)), arrival(void(1), at_second=1)])
    await run(pool, VOID, [arrival(void(3), at_second=2), arrival(void(0, order_no="B"), at_second=2)])
    states = await pool.fetch(
        "SELECT order_no, sequence, state FROM callbacks JOIN orders USING (order_id) ORDER BY order_no, sequence"
    )
    assert [tuple(row) for row in states] == [
        ("A1", 1, "pending"),
        ("A1", 2, "queued"),
        ("A1", 3, "queued"),
        ("B", 1, "pending"),
    ]


async def test_an_event_without_a_wire_form_is_recorded_as_not_deliverable(pool: asyncpg.Pool) -> None:
    await endpoint(pool, dialect="tickets-only")
    await run(pool, VOID, [arrival(void(2))])
    row = await pool.fetchrow("SELECT state, outcome FROM callbacks")
    assert row is not None
    assert tuple(row) == ("not_deliverable", "order.void has no wire form in dialect tickets-only")


def replace_order(content: EventContent, order_no: str) -> EventContent:
    return EVENT_CONTENT.validate_python({**content.model_dump(), "order_no": order_no})


async def test_every_permutation_through_postgres_ends_in_the_same_rows(pool: asyncpg.Pool) -> None:
    contents: list[EventContent] = [ticketed("T1"), ticketed("T2"), void(0), void(2), void(4)]
    orders: dict[str, list[Any]] = {}
    for name, turn in (("P1", [0, 1, 2, 3, 4]), ("P2", [4, 3, 2, 1, 0]), ("P3", [1, 3, 0, 4, 2])):
        for index in turn:
            content = replace_order(contents[index], name)
            processor: Processor[Any] = TICKETED if isinstance(content, OrderTicketed) else VOID
            await run(pool, processor, [arrival(content, at_second=index)])
        orders[name] = [
            await pool.fetch(
                "SELECT ticket_number FROM tickets JOIN orders USING (order_id) WHERE order_no = $1", name
            ),
            await pool.fetch(
                "SELECT status, contradicted FROM void_cases JOIN orders USING (order_id) WHERE order_no = $1", name
            ),
        ]
    assert orders["P1"] == orders["P2"] == orders["P3"]
    assert [tuple(row) for row in orders["P1"][1]] == [(4, True)]


async def test_a_value_that_postgres_refuses_rolls_the_whole_batch_back(pool: asyncpg.Pool) -> None:
    poison = void(2, void_code=TOO_LONG_FOR_AN_INDEX)
    with pytest.raises(Refused):
        await run(pool, VOID, [arrival(void(0, order_no="fine")), arrival(poison)])
    assert not any((await everything(pool)).values())


async def test_sources_that_use_one_order_number_have_two_orders(pool: asyncpg.Pool) -> None:
    mine = arrival(ticketed("T1"))
    other = arrival(ticketed("T2"))._replace(source="second", order_id=order_id("second", "A1"), event_id=UUID(int=1))
    await run(pool, TICKETED, [mine, other])
    assert {row[0] for row in (await everything(pool))["orders"]} == {SOURCE, "second"}


async def test_a_version_that_holds_again_is_told_again_under_an_id_of_its_own(pool: asyncpg.Pool) -> None:
    await endpoint(pool)
    first, second = ticketed("T1"), ticketed("T2")
    await run(pool, TICKETED, [arrival(second, at_second=2)])
    await run(pool, TICKETED, [arrival(first, at_second=3)])
    late = arrival(first, at_second=1)
    await run(pool, TICKETED, [late])
    rows = await everything(pool)
    assert [row[-1] for row in rows["tickets"]] == ["T2"]
    told = await pool.fetch("SELECT event_id FROM callbacks ORDER BY sequence")
    assert [row["event_id"] for row in told] == [told[0]["event_id"], late.event_id, told[0]["event_id"]]
    await run(pool, TICKETED, [late])
    assert len((await everything(pool))["callbacks"]) == 3


async def put(pool: asyncpg.Pool, order_no: str, **contexts: dict[str, Any]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        named = {party.replace("_", "-"): context for party, context in contexts.items()}
        await put_contexts(connection, order_no, named, source="", forms=WIRE_FORMS)


async def test_a_named_only_channel_is_owed_when_the_orders_context_names_it(pool: asyncpg.Pool) -> None:
    mine = await endpoint(pool, dialect="named-only")
    await put(pool, "A1", named_only={"id": 1})
    await run(pool, TICKETED, [arrival(ticketed("T1")), arrival(ticketed("T1", order_no="B"))])
    owed = await pool.fetch("SELECT endpoint_id, order_no FROM callbacks JOIN orders USING (order_id)")
    assert [tuple(row) for row in owed] == [(mine, "A1")]


async def test_a_named_channel_has_a_record_of_what_it_has_no_words_for(pool: asyncpg.Pool) -> None:
    """Its endpoint cannot ask for such events: they have no wire form there. Where it is not named it hears nothing."""
    mine = await endpoint(pool, dialect="named-only")
    await pool.execute("UPDATE endpoints SET event_types = '{order.ticketed}'")
    await put(pool, "A1", named_only={"id": 1})
    await run(pool, VOID, [arrival(void(2)), arrival(replace_order(void(2), "B"))])
    rows = await pool.fetch("SELECT endpoint_id, order_no, state FROM callbacks JOIN orders USING (order_id)")
    assert [tuple(row) for row in rows] == [(mine, "A1", "not_deliverable")]


async def test_a_context_that_comes_late_owes_the_present_word_once(pool: asyncpg.Pool) -> None:
    await endpoint(pool, dialect="named-only")
    await run(pool, TICKETED, [arrival(ticketed("T1")), arrival(ticketed("T2"), at_second=2)])
    assert await pool.fetchval("SELECT count(*) FROM callbacks") == 0
    await put(pool, "A1", named_only={"id": 1})
    await put(pool, "A1", named_only={"id": 2})
    rows = await pool.fetch("SELECT event_id, state FROM callbacks")
    present = await pool.fetchval("SELECT ticketed_event FROM orders")
    assert [tuple(row) for row in rows] == [(present, "pending")]


async def test_an_event_and_its_orders_context_that_cross_each_other_still_meet(pool: asyncpg.Pool) -> None:
    await endpoint(pool, dialect="named-only")
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await process(connection, TICKETED, [arrival(ticketed("T1"))], wire_forms=WIRE_FORMS)
        putting = asyncio.create_task(put(pool, "A1", named_only={"id": 1}))

        async def crossed() -> bool:
            return putting.done() or bool(await pool.fetchval(waiting))

        await until(crossed)
        await transaction.commit()
    await putting
    assert await pool.fetchval("SELECT count(*) FROM callbacks") == 1


async def test_regression_no_batch_reads_a_table_whole(database_dsn: str) -> None:
    """The plans of an empty database's first batches are kept: they read all of a table for each batch that came later,
    however large it had become."""
    pool = await open_pool(PostgresSettings(dsn=SecretStr(database_dsn)), name="test", live=True)
    try:
        await endpoint(pool)
        for number in range(10):
            order_no = f"K{number}"
            await run(pool, TICKETED, [arrival(ticketed("T1", order_no=order_no))])
            await run(pool, TICKETED, [arrival(ticketed("T2", order_no=order_no), at_second=1)])
            await run(pool, VOID, [arrival(void(0, order_no=order_no), at_second=2)])
        await pool.execute("SELECT pg_stat_force_next_flush()")
        tables = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE seq_scan > 0 AND idx_scan IS NOT NULL"
        assert [row["relname"] for row in await pool.fetch(tables)] == ["endpoints"]
    finally:
        await pool.close()
