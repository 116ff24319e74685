"""Results into Postgres, one transaction for many: rows, attempts, the next in turn, and what a give-up entails."""

from collections.abc import Sequence

from publishers.give_up import ExhaustedVoid, VoidRejection
from publishers.settle import Settled
from store.callbacks import record_results
from store.connection import Connection


async def record(connection: Connection, settled: Sequence[Settled], *, rejection: VoidRejection) -> None:
    """Record these; to be run in a transaction, and safe to repeat.

    A void case is rejected only when this very recording gave its callback up.
    """
    rejecting = {item.result.callback_id: item for item in settled if item.rejects_void}
    if rejecting:
        await rejection.lock(connection, [item.order_id for item in rejecting.values()])
    for row in await record_results(connection, [item.result for item in settled]):
        if row.callback_id in rejecting and row.state == "given_up":
            retries = rejecting[row.callback_id].retries
            await rejection.reject(connection, ExhaustedVoid(row.event_id, row.order_id, retries))
