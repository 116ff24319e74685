"""Results into Postgres, one transaction for many: rows, attempts, the next in turn, and what a give-up entails."""

from collections.abc import Sequence

from publishers.give_up import ExhaustedVoid, VoidRejection
from publishers.settle import Settled
from store.callbacks import record_results
from store.connection import Connection


async def record(connection: Connection, settled: Sequence[Settled], *, rejection: VoidRejection) -> float:
    """Record these; to be run in a transaction, and safe to repeat. Returns in how many seconds the first callback
    falls due because of it; infinite: none does.

    A void case is rejected only when this very recording gave its callback up.
    """
    rejecting = {item.result.callback_id: item for item in settled if item.rejects_void}
    if rejecting:
        await rejection.lock(connection, [item.order_id for item in rejecting.values()])
    recorded = await record_results(connection, [item.result for item in settled])
    exhausted = [
        ExhaustedVoid(row.event_id, row.order_id, rejecting[row.callback_id].retries)
        for row in recorded.rows
        if row.callback_id in rejecting and row.state == "given_up"
    ]
    if exhausted:
        await rejection.reject(connection, exhausted)
    return recorded.due_in_seconds
