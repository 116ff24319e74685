"""The pool of connections, and the statements by name: `store/queries/<name>.sql` is one statement."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from importlib.resources import files

import asyncpg
import orjson
from asyncpg.connection import LoggedQuery

from runtime.settings import PostgresSettings
from store.connection import Connection

IDLE_IN_TRANSACTION_MS = "10000"
"""A process that is frozen in a transaction keeps its locks for this long at the most. Our own pauses are far shorter,
and a transaction that was ended is run again."""

STATEMENTS_OF_A_TRANSACTION = 2
"""A transaction under way may last as long as so many statements. A process that is frozen between two messages of one
statement is not idle to Postgres, and would keep its locks until it wakes (PostgreSQL 18, 19.11.1
"transaction_timeout")."""

TRANSACTION_TIMEOUT_SINCE = 17

CLIENT_CHECK_MS = "2000"
"""How soon Postgres gives up a statement whose client has closed the connection; by itself it would look at the end."""

BY_KEY = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""Settings of connections whose statements find every row by its key. Postgres keeps a statement's plan for as long as
the connection lives: one that was made while a table was small would read all of it for each batch, however large it
became, until its rows are counted anew (PostgreSQL 18, PREPARE, "Notes")."""

GOODBYE_SECONDS = 0.5
"""How long a connection may take to close in good order."""


@cache
def statement(name: str) -> str:
    """The text of one statement."""
    return (files("store") / "queries" / f"{name}.sql").read_text()


async def open_pool(
    settings: PostgresSettings, *, name: str, schema: str | None = None, live: bool = False
) -> asyncpg.Pool:
    """A pool whose connections encode jsonb as Python values. Connects lazily: Postgres may be down at the start.

    With `schema`, unqualified names mean that schema and no other. `live`: for the way of an event, with `BY_KEY`, and
    transactions that Postgres ends when they last too long.
    """

    async def prepare(connection: asyncpg.Connection) -> None:
        await _prepare(connection)
        if live and connection.get_server_version().major >= TRANSACTION_TIMEOUT_SINCE:
            longest = settings.statement_timeout_seconds * STATEMENTS_OF_A_TRANSACTION
            await connection.execute(f"SET transaction_timeout = {round(longest * 1000)}")
        connection.add_query_logger(_distrust(connection, lambda: pool))

    pool = await asyncpg.create_pool(
        settings.dsn.get_secret_value(),
        min_size=0,
        max_size=settings.pool_size,
        timeout=settings.connect_timeout_seconds,
        command_timeout=settings.statement_timeout_seconds,
        init=prepare,
        reset=_leave_as_it_is,
        server_settings={
            "application_name": f"ticketwire {name}",
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
            "client_connection_check_interval": CLIENT_CHECK_MS,
            "timezone": "UTC",
            **({"search_path": schema} if schema else {}),
            **(BY_KEY if live else {}),
        },
    )
    return pool


async def look_up_by_key(connection: Connection) -> None:
    """As `BY_KEY`, until the transaction ends."""
    await connection.execute(
        "SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS chosen (name, value)",
        list(BY_KEY),
        list(BY_KEY.values()),
    )


def _distrust(connection: asyncpg.Connection, pool: Callable[[], asyncpg.Pool]) -> Callable[..., Awaitable[None]]:
    """What to do after each statement on this connection: nothing, unless it was not answered within its time.

    A firewall forgets connections, a server vanishes: nobody says so, and such a connection stays silent for ever. So
    it is closed, before the rollback waits as long once more, and all others are made anew before their next use: what
    one lost, all may have lost.
    """

    async def look(query: LoggedQuery) -> None:
        if isinstance(query.exception, TimeoutError):
            with suppress(TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.close(timeout=GOODBYE_SECONDS)
            await pool().expire_connections()

    return look


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Nothing of ours outlives a transaction, so asyncpg need not clean the session at every release: a round trip."""
    del connection


def _encode_jsonb(value: object) -> bytes:
    """A value, or JSON that is written already, as bytes. The leading byte is jsonb's binary version."""
    return b"\x01" + (value if isinstance(value, bytes) else written(value))


def written(value: object) -> bytes:
    """A value as JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, which jsonb holds all the same
        return json.dumps(value, ensure_ascii=False).encode()


def _decode_jsonb(content: bytes) -> object:
    return orjson.loads(content[1:])


_LOST = (
    "connection is closed",
    "connection has been released back to the pool",  # what a pool says of one that was lost since the last statement
    "another operation is cancelling",  # of a statement that was not answered in time
    "pool is closing",
    "pool is closed",
)
"""The words by which the client's InterfaceError, which is for wrong use of it, tells of a connection that was lost, at
each statement after the one that lost it. It has no class of its own for that."""

_LAST_WORDS = "another operation (2) is in progress"
"""How the client refuses a statement when Postgres has ended the session between two of them, and said why, but the
connection's end was not noticed yet: it has taken that word for an answer to nothing, and waits for the rest (state 2,
PROTOCOL_ERROR_CONSUME in its coreproto.pxd)."""


def is_outage(error: BaseException) -> bool:
    """Whether waiting may cure it, without a change of the data: the server is away, restarting, full or read-only,
    two of us collided, or its schema is not (yet) ours. What is left is about the values, see `is_refusal`, or a defect
    of ours, such as a statement with an argument too many.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return any(words in str(error) for words in _LOST)
    if isinstance(error, asyncpg.InternalClientError):
        return _LAST_WORDS in str(error)
    if isinstance(error, asyncpg.PostgresError):
        return not is_refusal(error)
    return isinstance(error, OSError | TimeoutError)


def is_refusal(error: BaseException) -> bool:
    """Whether Postgres, or its client, will not take one of these values, today or tomorrow."""
    return isinstance(
        error,
        asyncpg.DataError
        | asyncpg.IntegrityConstraintViolationError
        | asyncpg.ProgramLimitExceededError  # such as a key too long for its index
        | ValueError,  # the client's own "invalid input for query argument"
    )
