"""Takes back callbacks whose publisher died while sending. Whether the partner got the call, nobody knows: it may
have been sent, counts as an attempt, and goes on by its policy (DESIGN §2 rule 6).

A callback that is leased to this very process and not held by it was never sent: its claim was committed, but Postgres'
word of it was lost. It is due again at once, and uses up no attempt.
"""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from publishers.give_up import VoidRejection
from publishers.record import record
from publishers.schedule import Policies
from publishers.settle import CLAIM_LOST, WORKER_LOST, Kept, Settled, Try, settle
from runtime.logs import get_logger
from runtime.loops import Loop
from runtime.metrics import leases_rescued
from store.callbacks import ExpiredCallback, endpoints_by_id, expired_callback
from store.connection import Connection
from store.pool import is_outage

log = get_logger()


class Rescue:
    """`held` names the callbacks of this process whose calls or results are under way: those are not lost. It is asked
    under `claiming`, the lock of who claims: what was claimed and is not held yet would look lost."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        worker: str,
        policies: Policies,
        rejection: VoidRejection,
        held: Callable[[], Sequence[UUID]],
        claiming: asyncio.Lock,
        rescued: Callable[[], None],
        grace_seconds: float,
    ) -> None:
        self.loop = Loop("rescue", self._turn)
        self._pool = pool
        self._worker = worker
        self._policies = policies
        self._rejection = rejection
        self._held = held
        self._claiming = claiming
        self._rescued = rescued
        self._grace_seconds = grace_seconds

    async def _turn(self) -> float:
        skip: list[UUID] = []
        while await self._take_back_one(skip):
            self._rescued()
        return min(5.0, max(0.2, self._grace_seconds / 3))

    async def _take_back_one(self, skip: list[UUID]) -> bool:
        """One row in one transaction, so that a row that cannot be recorded keeps no other; False: none is left."""
        lost: ExpiredCallback | None = None
        try:
            async with self._claiming, self._pool.acquire() as connection, connection.transaction():
                lost = await expired_callback(
                    connection, worker=self._worker, held=self._held(), skip=skip, grace_seconds=self._grace_seconds
                )
                if lost is not None:
                    settled = await self._settle(connection, lost)
                    await record(connection, [settled], rejection=self._rejection)
        except Exception as error:
            if lost is None or is_outage(error):
                raise
            log.warning("rescue.failed", callback=str(lost.callback_id), error=type(error).__name__)
            skip.append(lost.callback_id)
            return True
        if lost is not None:
            leases_rescued.inc()
            log.warning("callback.rescued", callback=str(lost.callback_id), worker=lost.leased_by)
        return lost is not None

    async def _settle(self, connection: Connection, lost: ExpiredCallback) -> Settled:
        made = Try(
            callback_id=lost.callback_id,
            endpoint_id=lost.endpoint_id,
            order_id=lost.order_id,
            attempts=lost.attempts,
            number=lost.attempt_number,
            trigger=lost.trigger,
            worker=lost.leased_by,
            age_seconds=lost.age_seconds,
            started_at=lost.sending_since,
        )
        (endpoint,) = await endpoints_by_id(connection, [lost.endpoint_id])
        policy = self._policies.named(endpoint.policy)
        outcome = CLAIM_LOST if lost.leased_by == self._worker else WORKER_LOST
        return settle(made, outcome, endpoint=endpoint, policy=policy, kept=Kept(lost.seen_at))
