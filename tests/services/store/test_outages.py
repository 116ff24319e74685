"""What is taken for an outage, to be waited out, and what for a defect of ours, which no waiting cures."""

import asyncio
import fcntl
import termios
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr

from dialects.registry import INBOUND
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from publishers.record import record
from replays.live_lane import LiveLane
from replays.runner import Control, Runner
from runtime.settings import KafkaSettings, PostgresSettings
from store.connection import Connection, Writes
from store.pool import is_outage, open_pool
from store.runs import Run, read_run, request_run
from tests.services.processors.conftest import WIRE_FORMS
from tests.services.processors.test_handle import void_record
from tests.services.publishers.test_recording import SaysYes
from tests.services.publishers.world import publishing, settings_for, world_on
from tests.waiting import until

Does = Callable[[Connection], Awaitable[Any]]
END = "SELECT pg_terminate_backend(pg_backend_pid())"
"""Postgres closes the connection, as when it is shut down."""


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(PostgresSettings(dsn=SecretStr(database_dsn)), name="test")
    yield pool
    pool.terminate()


async def ends_in_a_statement(connection: Connection) -> None:
    await connection.execute(END)


async def ends_between_statements(connection: Connection) -> None:
    with suppress(asyncpg.PostgresError):
        await connection.execute(END)
    await connection.execute("SELECT 1")


async def ends_before_the_commit(connection: Connection) -> None:
    with suppress(asyncpg.PostgresError):
        await connection.execute(END)


async def ends_in_a_savepoint(connection: Connection) -> None:
    async with connection.transaction():
        await connection.execute(END)


async def is_cut_on_our_side(connection: Connection) -> None:
    connection.terminate()
    await connection.fetchval("SELECT 1")


async def is_closed_on_our_side(connection: Connection) -> None:
    await connection.close()
    await connection.fetchval("SELECT 1")


async def passes_too_many_arguments(connection: Connection) -> None:
    await connection.execute("SELECT 1", 1)


async def does_two_things_at_once(connection: Connection) -> None:
    await asyncio.gather(connection.execute("SELECT 1"), connection.execute("SELECT 2"))


LOSSES = (
    ends_in_a_statement,
    ends_between_statements,
    ends_before_the_commit,
    ends_in_a_savepoint,
    is_cut_on_our_side,
    is_closed_on_our_side,
)
DEFECTS = (passes_too_many_arguments, does_two_things_at_once)


@pytest.mark.parametrize("does", LOSSES)
async def test_a_lost_connection_is_an_outage_wherever_it_is_noticed(pool: asyncpg.Pool, does: Does) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        async with pool.acquire() as connection, connection.transaction():
            await does(connection)
    assert is_outage(caught.value)


@pytest.mark.parametrize("does", [ends_between_statements, is_cut_on_our_side, is_closed_on_our_side])
async def test_so_it_is_outside_a_pool(database_dsn: str, does: Does) -> None:
    connection = await asyncpg.connect(database_dsn)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        await does(connection)
    assert is_outage(caught.value)


@asynccontextmanager
async def whose_end_is_noticed_late(dsn: str) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Event]]:
    """A connection that stays open when Postgres hangs up; the event tells that all it said before is passed on."""
    parts, said_all = urlsplit(dsn), asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_postgres, to_postgres = await asyncio.open_connection(parts.hostname, parts.port)
        asking = asyncio.create_task(carry(reader, to_postgres))
        await carry(from_postgres, writer)
        said_all.set()
        await asking
        for end in (writer, to_postgres):
            end.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        place = f"{parts.netloc.rpartition(':')[0]}:{server.sockets[0].getsockname()[1]}"
        connection = await asyncpg.connect(urlunsplit(parts._replace(netloc=place)))
        yield connection, said_all
        connection.terminate()


def has_read_all(connection: Any) -> bool:
    """Whether nothing waits in its socket."""
    unread = array("i", [0])
    fcntl.ioctl(connection._transport.get_extra_info("socket").fileno(), termios.FIONREAD, unread)
    return unread[0] == 0


async def test_what_postgres_says_between_statements_is_an_outage_before_the_connection_is_closed(
    database_dsn: str,
) -> None:
    async with whose_end_is_noticed_late(database_dsn) as (connection, said_all):
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        other = await asyncpg.connect(database_dsn)
        await other.execute("SELECT pg_terminate_backend($1)", pid)
        await other.close()
        await said_all.wait()
        await until(lambda: has_read_all(connection))
        with pytest.raises(asyncpg.InternalClientError) as caught:
            await connection.execute("SELECT 1")
    assert is_outage(caught.value)


async def test_a_pool_that_is_closed_under_its_users_is_an_outage(pool: asyncpg.Pool) -> None:
    async with pool.acquire():
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        with pytest.raises(asyncpg.InterfaceError) as caught:
            await pool.acquire()
        assert is_outage(caught.value)
    await closing
    with pytest.raises(asyncpg.InterfaceError) as caught:
        await pool.acquire()
    assert is_outage(caught.value)


@pytest.mark.parametrize("does", DEFECTS)
async def test_what_our_code_does_wrong_is_none(pool: asyncpg.Pool, does: Does) -> None:
    with pytest.raises(asyncpg.InterfaceError) as caught:
        async with pool.acquire() as connection, connection.transaction():
            await does(connection)
    assert not is_outage(caught.value)


class Flawed:
    """The processor of voids; saving does something else first, so many times, when an order of this number is in."""

    def __init__(self, order_no: str, does: Does, *, times: int) -> None:
        self._order_no, self._does, self._times = order_no, does, times

    def __getattr__(self, name: str) -> Any:
        return getattr(PROCESSORS["void"], name)

    async def save(self, connection: Connection, applied: Sequence[Any], *, writes: Writes) -> None:
        names = {arrival.order_no for one in applied for arrival in one.arrivals}
        if self._order_no in names and self._times:
            self._times -= 1
            await self._does(connection)
        await PROCESSORS["void"].save(connection, applied, writes=writes)


@pytest.mark.parametrize(
    ("does", "times", "counts"),
    [
        (passes_too_many_arguments, 1_000_000, {"applied": 5, "parked": 1}),
        (ends_in_a_statement, 2, {"applied": 6}),
        (ends_between_statements, 2, {"applied": 6}),
    ],
)
async def test_a_processors_defect_parks_its_event_and_a_lost_connection_none(
    pool: asyncpg.Pool, does: Does, times: int, counts: dict[str, int]
) -> None:
    flawed: Any = Flawed("O3", does, times=times)
    limit = ParkingLimit(window_records=1000, limit_percent=50)
    with_it = Handler(flawed, pool=pool, dialects=INBOUND, wire_forms=WIRE_FORMS, limit=limit, patience_seconds=10)
    handled = await with_it.handle([void_record(number) for number in range(6)])
    assert handled.counts() == counts
    assert [(event.reason, event.order_no) for event in handled.parked] == [("apply-failed", "O3")][: len(counts) - 1]


@pytest.mark.parametrize("does", [passes_too_many_arguments, ends_in_a_statement])
async def test_results_that_cannot_be_recorded_together_are_recorded_alone_or_later(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch, does: Does
) -> None:
    failures = 0

    async def flawed(connection: Connection, settled: Sequence[Any], **named: Any) -> Any:
        nonlocal failures
        if len(settled) > 1 and (does is passes_too_many_arguments or failures < 2):
            failures += 1
            await does(connection)
        return await record(connection, settled, **named)

    monkeypatch.setattr("publishers.completer.record", flawed)
    async with world_on(database_dsn) as world:
        await world.endpoint("http://127.0.0.1:1/", max_in_flight=50)
        await world.owe(orders=40)
        async with publishing(settings_for(world.dsn), client=SaysYes()):
            await world.wait_states(delivered=40)
        assert failures
        assert await world.value("SELECT count(*) FROM attempts") == 40


@dataclass
class Task:
    """A run's work that does this first, so many times."""

    does: Does
    times: int
    kind: str = "replay"

    async def run(self, _: Run, control: Control) -> dict[str, Any]:
        if self.times:
            self.times -= 1
            async with control.pool.acquire() as connection, connection.transaction():
                await self.does(connection)
        return {"did": "all of it"}


@asynccontextmanager
async def replaying(pool: asyncpg.Pool, task: Task) -> AsyncIterator[None]:
    lane = LiveLane(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    runner = Runner(pool, {task.kind: task}, lane=lane, rate=0.0)
    runner.start()
    yield
    await runner.stop()
    await lane.close()


@pytest.mark.parametrize(
    ("does", "state", "error"),
    [
        (passes_too_many_arguments, "failed", "InterfaceError at asyncpg."),
        (does_two_things_at_once, "failed", "InterfaceError at asyncpg."),
        (ends_between_statements, "done", ""),
    ],
)
async def test_a_run_fails_by_a_defect_and_waits_for_postgres(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, does: Does, state: str, error: str
) -> None:
    monkeypatch.setattr("replays.runner._OUTAGE_PAUSE_SECONDS", 0.1)
    async with pool.acquire() as connection:
        asked = await request_run(connection, kind="replay", asked={}, actor="ana")

    async def over() -> Run | None:
        async with pool.acquire() as connection:
            run = await read_run(connection, asked.run_id)
        return run if run.finished_at is not None else None

    async with replaying(pool, Task(does, times=1)):
        ended: Run = await until(over, what="the end of the run")
    assert ended.state == state
    assert ended.error.startswith(error)
    assert bool(ended.error) == bool(error)
