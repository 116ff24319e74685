"""The tables `callbacks` and `leases` as publishers use them: claimed, and what became of each recorded.

All times and waits are by Postgres' clock. A claim is one short transaction (`due_endpoints`, then `claim`), and so is
a recording; none is open while a call is under way.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg

from store.attempts import Attempt, insert_attempts
from store.connection import Connection
from store.endpoints import Endpoint
from store.owing import context_bucket
from store.pool import statement

CallbackState = Literal[
    "queued", "waiting", "pending", "sending", "delivered", "given_up", "cancelled", "not_deliverable", "suppressed"
]
RestingState = Literal["pending", "waiting", "delivered", "given_up", "not_deliverable"]
FINAL_STATES = frozenset({"delivered", "given_up", "cancelled", "not_deliverable"})
"""States that let the order's next callback to the same endpoint go out."""


@dataclass(frozen=True, slots=True)
class EndpointWork:
    """An enabled endpoint with pending callbacks. `ours`: this transaction may claim those that are `due`.

    `next_due_in_seconds`: when the first falls due that is not due yet; None: there is none.
    """

    endpoint_id: UUID
    updated_at: datetime
    due_in_seconds: float
    ours: bool
    due: int
    next_due_in_seconds: float | None


class ClaimedCallback(NamedTuple):
    """A callback leased to us, with all that is needed to write its call: the columns of callbacks_claim.sql.

    `attempts` and `attempt_number` count the attempt that begins now; `age_seconds`: how long before `sending_since`
    the first one began; `start_in_seconds` paces it under a rate limit; `content` is JSON.
    """

    callback_id: UUID
    endpoint_id: UUID
    order_id: UUID
    event_id: UUID
    sequence: int
    attempts: int
    attempt_number: int
    trigger: str
    replay: bool
    age_seconds: float
    sending_since: datetime
    start_in_seconds: float
    content: str
    arrived_at: datetime
    source: str
    change: dict[str, Any] | None
    context: dict[str, Any] | None
    context_at: datetime | None
    delivered_before: bool


class CallbackResult(NamedTuple):
    """What became of a claimed callback. Not `counted`: it uses up no attempt of the policy.

    For `pending`, the next attempt is due `wait_seconds` after this one started, and not before `pause_seconds` from
    the recording. `disable` gives the reason why the endpoint is called no more.
    """

    callback_id: UUID
    endpoint_id: UUID
    attempt_number: int
    leased_by: str
    state: RestingState
    counted: bool
    outcome: str
    wait_seconds: float = 0.0
    pause_seconds: float = 0.0
    disable: str = ""
    attempt: Attempt | None = None
    laid_down: "ContextWait | None" = None


@dataclass(frozen=True, slots=True)
class ContextWait:
    """A callback that waits for its order's context; `seen_at`: the one it was tried with, if any."""

    order_no: str
    seen_at: datetime | None


class RecordedCallback(NamedTuple):
    """A row that a result changed, as it is now: the columns of callbacks_record.sql. `due_in_seconds` means something
    for `pending` only."""

    callback_id: UUID
    endpoint_id: UUID
    order_id: UUID
    event_id: UUID
    state: str
    attempts: int
    due_in_seconds: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """The rows that results changed, and in how many seconds the first callback falls due because of them, if any:
    one that is tried again, one whose turn came, or one whose context came."""

    rows: list[RecordedCallback]
    due_in_seconds: float


@dataclass(frozen=True, slots=True)
class ExpiredCallback:
    """A callback whose publisher never said how its call ended; the row is locked."""

    callback_id: UUID
    endpoint_id: UUID
    order_id: UUID
    attempts: int
    attempt_number: int
    trigger: str
    leased_by: str
    sending_since: datetime
    seen_at: datetime
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """Due callbacks of enabled endpoints, counted up to 100,000, and how long the oldest has waited."""

    due: int
    oldest_seconds: float


async def due_endpoints(connection: Connection, *, except_for: Sequence[UUID], count: int) -> list[EndpointWork]:
    """Look for work but at full endpoints, counting up to `count`. Until commit, nobody else claims what is `ours`."""
    rows = await connection.fetch(statement("callbacks_due_endpoints"), except_for, count)
    return [EndpointWork(*row) for row in rows]


async def claim(
    connection: Connection,
    budgets: Mapping[UUID, int],
    *,
    worker: str,
    lease_margin_seconds: float,
    settled: Sequence[UUID],
    pace_seconds: float,
    with_context: Sequence[str],
) -> list[ClaimedCallback]:
    """Lease due callbacks of endpoints found `ours` in this transaction, as many as their budgets and limits allow.

    `settled` are callbacks of this worker whose call has ended but is not recorded yet: they fill no place.
    `with_context` are the dialects whose calls depend on the order's context.
    """
    rows = await connection.fetch(
        statement("callbacks_claim"),
        list(budgets),
        list(budgets.values()),
        worker,
        lease_margin_seconds,
        settled,
        pace_seconds,
        with_context,
    )
    return [ClaimedCallback._make(row) for row in rows]


async def record_results(connection: Connection, results: Sequence[CallbackResult]) -> Recorded:
    """Record results and their attempts, and let the next callback of each finished order go. Run in a transaction.

    Safe to repeat: a row that is no longer leased as the result says stays as it is.
    """
    laid_down = [(result.callback_id, wait) for result in results if (wait := result.laid_down) is not None]
    if laid_down:
        buckets = [context_bucket(wait.order_no) for _, wait in laid_down]
        await connection.execute(statement("contexts_hold_buckets"), buckets)
    await connection.execute(statement("callbacks_lock"), [result.callback_id for result in results])
    rows = await connection.fetch(
        statement("callbacks_record"),
        [result.callback_id for result in results],
        [result.attempt_number for result in results],
        [result.leased_by for result in results],
        [result.state for result in results],
        [result.counted for result in results],
        [result.wait_seconds for result in results],
        [result.pause_seconds for result in results],
        [result.outcome for result in results],
        [result.endpoint_id for result in results],
    )
    recorded = [RecordedCallback._make(row) for row in rows]
    await insert_attempts(connection, [result.attempt for result in results if result.attempt is not None])
    finished = [(row.endpoint_id, row.order_id) for row in recorded if row.state in FINAL_STATES]
    promoted = await promote_next(connection, finished)
    if laid_down:
        ids, waits = zip(*laid_down, strict=True)
        await connection.execute(statement("callbacks_context_came"), ids, [wait.seen_at for wait in waits])
    gone = {result.endpoint_id: result.disable for result in results if result.disable}
    if gone:
        await connection.execute(statement("callbacks_disable_endpoints"), list(gone), list(gone.values()))
    due_now = [0.0] if promoted or laid_down else []
    return Recorded(
        recorded, min([*due_now, *(row.due_in_seconds for row in recorded if row.state == "pending")], default=math.inf)
    )


async def promote_next(connection: Connection, finished: Sequence[tuple[UUID, UUID]]) -> int:
    """Let the next callback of each (endpoint, order) go, where nothing unfinished is before it; returns how many went.

    To be run in the transaction that finished one there, after the statement that did. Safe to repeat.
    """
    if not finished:
        return 0
    endpoint_ids, order_ids = zip(*finished, strict=True)
    tag = await connection.execute(statement("callbacks_promote_next"), endpoint_ids, order_ids)
    return int(tag.split()[-1])


async def expired_callback(
    connection: Connection, *, worker: str, held: Sequence[UUID], skip: Sequence[UUID], grace_seconds: float
) -> ExpiredCallback | None:
    """Lock a callback whose lease ran out, if this worker does not hold it still. Run in a transaction.

    None while Postgres has been up for less than `grace_seconds`: results that could not be recorded come first.
    """
    await connection.execute(statement("callbacks_adopt"))
    row = await connection.fetchrow(statement("callbacks_expired"), worker, held, grace_seconds, skip)
    return ExpiredCallback(*row) if row else None


async def endpoints_by_id(connection: Connection, endpoint_ids: Sequence[UUID]) -> list[Endpoint]:
    """These endpoints, in any state."""
    return [Endpoint.from_row(row) for row in await connection.fetch(statement("callbacks_endpoints"), endpoint_ids)]


async def backlog(connection: Connection) -> Backlog:
    """How much is due."""
    row: asyncpg.Record | None = await connection.fetchrow(statement("callbacks_backlog"))
    return Backlog(*row) if row else Backlog(0, 0.0)
