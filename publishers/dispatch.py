"""Claims due callbacks into the free places of this process and makes their calls."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from publishers.completer import Completer
from publishers.deliver import Leased, deliver, failed, interrupted
from publishers.endpoints import Endpoints, Target
from publishers.http_client import HttpClient
from publishers.settle import Settled
from publishers.traffic import Traffic
from runtime.logs import get_logger
from runtime.loops import Loop
from runtime.settings import PublisherSettings
from store.callbacks import ClaimedCallback, EndpointWork, claim, due_endpoints
from store.connection import Connection

log = get_logger()

_CONTENDED_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class _Found:
    """What a turn found. `left`: some that are due got no place; `passed_over`: so many got one and could not be
    claimed, as others hold them or a limit over all publishers was reached."""

    work: list[EndpointWork]
    claimed: list[ClaimedCallback]
    left: bool
    passed_over: int = 0


class Dispatcher:
    """The loop that claims, and the calls in flight."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        settings: PublisherSettings,
        endpoints: Endpoints,
        client: HttpClient,
        completer: Completer,
        worker: str,
        claiming: asyncio.Lock,
    ) -> None:
        self.loop = Loop("dispatcher", self._turn, longest_pause_seconds=1.0)
        self.calls: dict[asyncio.Task[None], Leased] = {}
        self._pool = pool
        self._settings = settings
        self._endpoints = endpoints
        self._client = client
        self._worker = worker
        self._claiming = claiming
        self._traffic = Traffic(settings.concurrency)
        self._stopping = asyncio.Event()
        self._completer = completer
        self._left_over = False

    async def stop(self, grace_seconds: float) -> None:
        """Claim nothing more, release what has not begun, let calls finish within the grace, cut the rest."""
        self._stopping.set()
        await self.loop.stop()
        if self.calls:
            await asyncio.wait(self.calls, timeout=grace_seconds)
        for call in self.calls:
            call.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)

    async def _turn(self) -> float:
        held = self._completer.held
        if self._traffic.free <= 0 or self._completer.behind:
            self._left_over = True
            return self._settings.poll_seconds
        async with self._claiming:
            found, since = await self._claim(held)
            for callback in found.claimed:
                self._start(callback, since)
        self._left_over = found.left or self._traffic.crowded
        return self._pause(found)

    async def _claim(self, held: Sequence[UUID]) -> tuple[_Found, float]:
        """One short transaction: what there was, and the monotonic time just before.

        If Postgres' word of its commit is lost, `rescue` finds what we claimed.
        """
        async with self._pool.acquire() as connection:
            since = time.monotonic()
            async with connection.transaction():
                found = await self._claim_on(connection, held)
        return found, since

    async def _claim_on(self, connection: Connection, held: Sequence[UUID]) -> _Found:
        beyond = self._traffic.free + 1  # one more than there are places, so that it shows when some are left
        work = await due_endpoints(connection, except_for=self._traffic.full(), count=beyond)
        await self._endpoints.learn(connection, work)
        usable = self._usable(work)
        budgets = self._traffic.share(usable)
        left = any(item.due > budgets.get(item.endpoint_id, 0) for item, _ in usable)
        if not budgets:
            return _Found(work, [], left=left)
        claimed = await claim(
            connection,
            budgets,
            worker=self._worker,
            lease_margin_seconds=self._settings.lease_margin_seconds,
            settled=held,
            pace_seconds=self._settings.poll_seconds,
            with_context=self._endpoints.with_context,
        )
        return _Found(work, claimed, left=left, passed_over=sum(budgets.values()) - len(claimed))

    def _usable(self, work: Sequence[EndpointWork]) -> list[tuple[EndpointWork, Target]]:
        found = [(item, self._endpoints.get(item.endpoint_id)) for item in work if item.ours and item.due]
        return [(item, target) for item, target in found if target is not None]

    def _pause(self, found: _Found) -> float:
        """Until something is due; calls that make room, recordings and notices cut it."""
        if found.claimed and found.passed_over:
            return 0.0
        contended = any(item.due_in_seconds <= 0 and not item.ours for item in found.work)
        coming = [item.next_due_in_seconds for item in found.work if item.next_due_in_seconds is not None]
        pause = min([self._settings.poll_seconds, self._traffic.pause(), *coming])
        return min(pause, random.uniform(0.5, 1.5) * _CONTENDED_SECONDS) if contended else pause  # noqa: S311 - a pause

    def _start(self, claimed: ClaimedCallback, since: float) -> None:
        target = self._endpoints.get(claimed.endpoint_id)
        if target is None:
            raise RuntimeError(f"claimed a callback of the unknown endpoint {claimed.endpoint_id}")
        leased = Leased(claimed, target, self._worker, since)
        self._traffic.claimed(claimed.endpoint_id)
        task = asyncio.create_task(self._carry_out(leased))
        self.calls[task] = leased
        task.add_done_callback(self._ended)

    async def _carry_out(self, leased: Leased) -> None:
        settled = await self._attempt(leased)
        attempt = settled.result.attempt
        if attempt is not None and attempt.outcome != "interrupted":
            self._traffic.tried(leased.claimed.endpoint_id, reached=attempt.stage != "before")
        self._completer.put(settled)

    async def _attempt(self, leased: Leased) -> Settled:
        sent = False
        try:
            if leased.claimed.start_in_seconds > 0:
                await self._pace(leased.claimed.start_in_seconds)
            if self._stopping.is_set() or leased.has_ended(margin_seconds=self._settings.lease_margin_seconds):
                return interrupted(leased, sent=False)
            sent = True
            self._traffic.started(leased.claimed.endpoint_id, leased.claimed.callback_id)
            return await deliver(leased, client=self._client, settings=self._settings)
        except asyncio.CancelledError:
            return interrupted(leased, sent=sent)
        except Exception as error:
            log.exception("callback.failed", callback=str(leased.claimed.callback_id))
            return failed(leased, error)

    async def _pace(self, seconds: float) -> None:
        """Wait for the call's turn under a rate limit, or until we stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _ended(self, task: asyncio.Task[None]) -> None:
        leased = self.calls.pop(task)
        self._traffic.ended(leased.claimed.endpoint_id, leased.claimed.callback_id)
        if self._left_over:
            self.loop.wake()
