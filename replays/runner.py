"""Run what was asked, one run at a time: claimed under a lease, kept alive by a heartbeat, resumed after a kill.

A task says how a kind of run is done (`replays.registry`). What waiting can cure (Postgres or Kafka away) fails no run:
its lease is given back, and it goes on later from its progress.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Mapping
from typing import Any, Protocol

import asyncpg

from processors.decode import place
from processors.handle import TryLater
from replays.live_lane import LiveLane
from runtime.errors import ServiceUnavailable, TicketwireError
from runtime.kafka_clients import BROKER_UNREACHABLE
from runtime.logs import get_logger
from runtime.loops import Loop
from runtime.metrics import runs_ended
from store.connection import Connection
from store.pool import is_outage
from store.runs import LeaseLost, Outcome, Run, checkpoint, claim_run, finish_run, release_run

LEASE_SECONDS = 15.0
POLL_SECONDS = 0.5
PACE_SECONDS = 0.25
TELL_SECONDS = 1.0
BITE_SECONDS = 0.05
"""What a run takes at once, by its rate: a live event that meets a batch under way waits for a core meanwhile."""
CANCEL_GRACE_SECONDS = 5.0
_OUTAGE_PAUSE_SECONDS = 2.0
_WAITING_CURES = (TryLater, ServiceUnavailable, *BROKER_UNREACHABLE)

log = get_logger()


class RunCancelled(Exception):
    """An operator cancelled the run: stop, leaving what is done."""


class Control:
    """What a task has in hand: its progress, and its pace."""

    def __init__(
        self,
        run: Run,
        *,
        pool: asyncpg.Pool,
        worker: str,
        lane: LiveLane,
        rate: float,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """`rate`: events per second where the run asks for none; 0: no limit."""
        self.pool = pool
        self._run = run
        self._worker = worker
        self._lane = lane
        self._cancel = False
        asked = run.asked.get("rate")
        self._asks_for_rate = asked is not None
        self._rate: float = rate if asked is None else asked
        self._lease_seconds = lease_seconds
        self._ahead_until = time.monotonic()
        self._told_at = float("-inf")

    async def checkpoint(self, progress: Mapping[str, Any]) -> None:
        """Keep the progress, outside any transaction. Raises RunCancelled and LeaseLost."""
        async with self.pool.acquire() as connection:
            await self.note(connection, progress)
        self.stop_if_cancelled()

    async def tell(self, progress: Mapping[str, Any]) -> None:
        """As `checkpoint`, at most once in `TELL_SECONDS`: for progress that may be forgotten, or is kept elsewhere.
        Each is a commit to disk, and live events' commits wait behind it."""
        if time.monotonic() - self._told_at > TELL_SECONDS:
            self._told_at = time.monotonic()
            await self.checkpoint(progress)

    async def note(self, connection: Connection, progress: Mapping[str, Any]) -> None:
        """Keep the progress in the transaction of the work that made it, as its last statement. Raises LeaseLost."""
        await self._renew(connection, progress)

    def batch_records(self, most: int, *, only_looks: bool = False) -> int:
        """How many events to take at once: small bites at a low rate, so that live waits for no large one."""
        rate = 0.0 if only_looks and not self._asks_for_rate else self._rate
        return max(1, min(most, int(rate * BITE_SECONDS))) if rate else most

    async def pace(self, count: int, *, looked_at: int = 0) -> None:
        """Wait as the rate asks for these events, and for as long as live events wait. Call it between
        transactions. Raises RunCancelled.

        Events that were only looked at count too where the run itself asks for a rate.
        """
        if self._rate:
            counted = count + looked_at if self._asks_for_rate else count
            self._ahead_until = max(self._ahead_until, time.monotonic() - 1.0) + counted / self._rate
        while (wait := self._ahead_until - time.monotonic()) > 0:
            self.stop_if_cancelled()
            await asyncio.sleep(min(wait, PACE_SECONDS))
        self.stop_if_cancelled()
        await self._lane.let_live_go_first(self.stop_if_cancelled)

    def stop_if_cancelled(self) -> None:
        """Raises RunCancelled once the operator's wish is known."""
        if self._cancel:
            raise RunCancelled

    async def beat(self) -> None:
        """Renew the lease, until LeaseLost; an outage of Postgres is waited out."""
        while not self._cancel:
            await asyncio.sleep(min(1.0, self._lease_seconds / 5))
            try:
                async with self.pool.acquire() as connection:
                    await self._renew(connection, None)
            except Exception as error:
                if not is_outage(error):
                    raise

    async def _renew(self, connection: Connection, progress: Mapping[str, Any] | None) -> None:
        self._cancel |= await checkpoint(
            connection, self._run.run_id, worker=self._worker, lease_seconds=self._lease_seconds, progress=progress
        )


class Task(Protocol):
    """How runs of one kind are done. May be started again from `run.progress` at any point."""

    kind: str

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """Do it; the result, as JSON. Raises RunCancelled and LeaseLost as `control` does, TicketwireError when it
        cannot be done."""


class Runner:
    """Claims and runs until stopped. Starts though Postgres is away."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        tasks: Mapping[str, Task],
        *,
        lane: LiveLane,
        rate: float,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """`rate`: events per second of a run that asks for none."""
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.loop = Loop("runs", self._turn)
        self._pool = pool
        self._tasks = tasks
        self._lane = lane
        self._rate = rate
        self._lease_seconds = lease_seconds
        self._present: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        self.loop.start()

    async def stop(self) -> None:
        """Stop the run under way where it is; another replayer goes on with it."""
        self._stopping = True
        if self._present is not None:
            self._present.cancel()
        await self.loop.stop()

    def failing(self) -> str | None:
        """Why no runs are carried out now, or None: a check for `/readyz`."""
        return "cannot look for runs; see the log" if self.loop.failures else None

    async def _turn(self) -> float:
        async with self._pool.acquire() as connection:
            run = await claim_run(
                connection, kinds=list(self._tasks), worker=self.worker, lease_seconds=self._lease_seconds
            )
        if run is None:
            return POLL_SECONDS
        if self._stopping:
            await self._release(run, pause_seconds=0.0)
            return POLL_SECONDS
        self._present = asyncio.create_task(self._carry_out(run), name=f"run {run.run_id}")
        await asyncio.wait({self._present})
        self._present = None
        return 0.0

    async def _carry_out(self, run: Run) -> None:
        words = {"run": str(run.run_id), "kind": run.kind}
        log.info("run.started", resumed=bool(run.progress), actor=run.actor, **words)
        control = Control(
            run,
            pool=self._pool,
            worker=self.worker,
            lane=self._lane,
            rate=self._rate,
            lease_seconds=self._lease_seconds,
        )
        try:
            outcome, result, error = await self._outcome(run, control)
            async with self._pool.acquire() as connection:
                await finish_run(connection, run.run_id, worker=self.worker, state=outcome, result=result, error=error)
        except LeaseLost:
            log.warning("run.lost", **words)
        except asyncio.CancelledError:
            await self._release(run, pause_seconds=0.0)
            log.info("run.left_to_successor", **words)
        except Exception as outage:  # noqa: BLE001 - `_outcome` raises nothing else
            log.warning("run.waits", error=type(outage).__name__, text=str(outage)[:300], **words)
            why = f"waits: {str(outage)[:500] or type(outage).__name__}"
            await self._release(run, pause_seconds=_OUTAGE_PAUSE_SECONDS, why=why)
        else:
            runs_ended.labels(run.kind, outcome).inc()
            log.info("run.ended", state=outcome, error=error, **words)

    async def _outcome(self, run: Run, control: Control) -> tuple[Outcome, dict[str, Any] | None, str]:
        """Raises what waiting can cure, LeaseLost and CancelledError; everything else is an outcome."""
        if run.cancel_requested:
            return "cancelled", None, ""
        work = asyncio.create_task(self._tasks[run.kind].run(run, control), name=f"work {run.run_id}")
        beat = asyncio.create_task(control.beat(), name=f"beat {run.run_id}")
        try:
            return "done", await _result(work, beat), ""
        except (RunCancelled, LeaseLost, asyncio.CancelledError, *_WAITING_CURES) as ending:
            if isinstance(ending, RunCancelled):
                return "cancelled", None, ""
            raise
        except TicketwireError as error:
            return "failed", None, str(error)
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("run.failed", run=str(run.run_id))
            return "failed", None, f"{type(error).__name__}{place(error)}; the replayer's log tells more"
        finally:
            work.cancel()
            beat.cancel()
            await asyncio.gather(work, beat, return_exceptions=True)

    async def _release(self, run: Run, *, pause_seconds: float, why: str = "") -> None:
        """If this fails too, the lease runs out by itself."""
        try:
            async with self._pool.acquire() as connection:
                await release_run(connection, run.run_id, worker=self.worker, pause_seconds=pause_seconds, why=why)
        except Exception as error:
            if not is_outage(error):
                raise


async def _result(work: asyncio.Task[dict[str, Any]], beat: asyncio.Task[None]) -> dict[str, Any]:
    """What the work gives. The heart stops when the lease is lost, or the run is to be cancelled: then the work may
    come to its next checkpoint, and is cut off if it has none in time."""
    await asyncio.wait({work, beat}, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        beat.result()
        await asyncio.wait({work}, timeout=CANCEL_GRACE_SECONDS)
        if not work.done():
            raise RunCancelled
    if work.cancelled():
        raise RuntimeError("the work cancelled itself")  # not us, who are asked to stop, and not the operator
    return work.result()
