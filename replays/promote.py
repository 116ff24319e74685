"""Take a shadow's difference over into live: one transaction per order, audited, and none twice.

Live events fold on what lies in `events`, so the promotion changes which events count and what they say, and folds the
order anew from them; the rows it ends in must be the shadow's. docs/decisions/0037 says who is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from replays.compare import baseline, entries_of, read_states
from replays.difference import event_changes
from replays.fold import Control, Workbench
from replays.retelling import retellings
from runtime.errors import Conflict, NotFound
from runtime.logs import get_logger
from schemas.order_state import OrderState
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.journal import JournalEntry, insert_journal
from store.operator_actions import OperatorAction, note_actions
from store.orders import LockedOrder, OrderName, lock_orders, set_versions
from store.owing import Telling, hold_contexts, owe_callbacks, owed_callbacks
from store.pool import statement
from store.promotion import (
    cancel_unsent,
    forget_voids,
    parked_of_no_order,
    replace_events,
    settle_parked,
    summary,
)
from store.retries import retry_callbacks
from store.runs import Run
from store.shadow import (
    Digests,
    Schemas,
    StoredDifference,
    digests,
    drop_shadow,
    inbox_digests,
    note_promoted,
    number_of_differences,
    read_differences,
    read_position,
    schemas_of,
    work_on,
)
from store.ticketing import TicketingRow, save_ticketing
from store.void_cases import VoidStatusRow, save_void_cases

PROMOTED = "promoted"
MOVED_ON = "live changed since it was compared"
NOT_THE_SAME = "its events did not fold to the shadow's rows"
ORDERS_AT_ONCE = 100
SHOWN_ORDERS = 100

log = get_logger()


class _NotTheShadow(Exception):
    """What a promotion came to is not what was shown: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion: whose, of which shadow, and how channels are told."""

    run: Run
    schemas: Schemas
    telling: Telling


class PromoteTask:
    """`replays.runner.Task` for promotions. `asked`: {"run": the shadow's run, "callbacks": "suppress" | "emit"}."""

    kind = "promote"

    def __init__(self, bench: Workbench, wire_forms: WireForms) -> None:
        self._bench = bench
        self._wire_forms = wire_forms

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """Promote every order that is still as it was compared; the shadow goes at the end.

        Raises NotFound when the shadow is gone, Conflict when it is not complete.
        """
        shadow_run = UUID(run.asked["run"])
        if "result" not in run.progress:
            result = await self._promote_all(run, shadow_run, control)
            await control.checkpoint({"result": result})
        else:
            result = run.progress["result"]
        async with self._bench.pool.acquire() as connection:
            await drop_shadow(connection, shadow_run)
        return dict(result)

    async def _promote_all(self, run: Run, shadow_run: UUID, control: Control) -> dict[str, Any]:
        telling = Telling(replay=True) if run.asked["callbacks"] == "emit" else Telling(suppressed=f"run {run.run_id}")
        promotion = Promotion(run, await self._open(shadow_run), telling)
        after: UUID | None = None
        done = 0
        while page := await self._page(promotion.schemas, after):
            for difference in page:
                if difference.promoted is None:
                    await self._promote(promotion, difference)
            after, done = page[-1].order_id, done + len(page)
            await control.checkpoint({"phase": "promote", "done": done, "of": await self._number(promotion.schemas)})
            await control.pace(len(page))
        return await self._end(promotion)

    async def _open(self, shadow_run: UUID) -> Schemas:
        async with self._bench.pool.acquire() as connection, connection.transaction():
            schemas = await schemas_of(connection, shadow_run)
            position = await read_position(connection, schemas)
        if position is None:
            raise NotFound(
                f"run {shadow_run} has no shadow: it was promoted or discarded, grew old, or was lost in a crash",
                hint="run the shadow again: ticketwire replay --shadow",
            )
        if position["phase"] != "done":
            raise Conflict(f"the shadow of run {shadow_run} is not complete", hint="wait until that run is done")
        return schemas

    async def _page(self, schemas: Schemas, after: UUID | None) -> list[StoredDifference]:
        async with self._bench.pool.acquire() as connection, connection.transaction():
            await work_on(connection, schemas.shadow)
            return await read_differences(connection, after=after, limit=ORDERS_AT_ONCE)

    async def _number(self, schemas: Schemas) -> int:
        async with self._bench.pool.acquire() as connection, connection.transaction():
            await work_on(connection, schemas.shadow)
            return await number_of_differences(connection)

    async def _promote(self, promotion: Promotion, difference: StoredDifference) -> None:
        try:
            async with self._bench.pool.acquire() as connection, connection.transaction():
                became = await self._one(connection, promotion, difference)
                await work_on(connection, promotion.schemas.shadow)
                await note_promoted(connection, difference.order_id, became)
        except _NotTheShadow:
            log.warning("promotion.differs", run=str(promotion.run.run_id), order=str(difference.order_id))
            async with self._bench.pool.acquire() as connection, connection.transaction():
                await work_on(connection, promotion.schemas.shadow)
                await note_promoted(connection, difference.order_id, NOT_THE_SAME)

    async def _one(self, connection: Connection, promotion: Promotion, difference: StoredDifference) -> str:
        """Promote one order, if live still is what it was compared with; what became of it."""
        order, shown = difference.order_id, difference.difference
        name = OrderName(shown["source"], shown["order_no"])
        await hold_contexts(connection, [name.order_no], self._wire_forms)
        locked = (await lock_orders(connection, {order: name}))[order]
        live, inbox = await digests(connection, [order]), await inbox_digests(connection, [order])
        present = baseline(live.get(order, Digests({})), None if locked.is_new else inbox.get(order))
        if present != difference.baseline:
            return MOVED_ON
        before = (await read_states(connection, [order]))[0][order]
        await work_on(connection, promotion.schemas.shadow)
        after = (await read_states(connection, [order]))[0][order]
        await work_on(connection, promotion.schemas.live)
        entries = await self._write(connection, promotion, locked, before=before, after=after, source=name.source)
        await self._tell(connection, promotion, order, entries, before=before, after=after)
        await self._settle(connection, promotion, order, shown)
        reached = (await digests(connection, [order])).get(order, Digests({}))
        if reached.whole != difference.target:
            raise _NotTheShadow
        return PROMOTED

    async def _write(
        self,
        connection: Connection,
        promotion: Promotion,
        locked: LockedOrder,
        *,
        before: OrderState,
        after: OrderState,
        source: str,
    ) -> list[JournalEntry]:
        order = locked.order_id
        taken = [event for event, counted in after.events.items() if before.events.get(event) != counted]
        await replace_events(
            connection,
            promotion.schemas,
            order,
            superseded=event_changes(before, after).superseded,
            taken=taken,
            run=promotion.run.run_id,
        )
        entries = entries_of(order, source, locked.version, retellings(before, after))
        version = locked.version + len(entries)
        await set_versions(connection, [(order, version)])
        if before.ticketing != after.ticketing:
            row = TicketingRow(order, version, is_new=False, refill=True, ticketing=after.ticketing)
            await save_ticketing(connection, [row])
        if before.voids != after.voids:
            await forget_voids(connection, order)
            rows = [
                VoidStatusRow(order, said, case) for case in after.voids.values() for said in case.statuses.values()
            ]
            if rows:
                await save_void_cases(connection, rows)
        if entries:
            await insert_journal(connection, entries)
        return entries

    async def _tell(
        self,
        connection: Connection,
        promotion: Promotion,
        order: UUID,
        entries: Sequence[JournalEntry],
        *,
        before: OrderState,
        after: OrderState,
    ) -> None:
        """Owe what the changes owe. A channel that was still waiting for the superseded word gets the right one in its
        place, suppressed or not: it was owed one before."""
        changes = event_changes(before, after)
        stale = {*changes.superseded, *({entry.event_id for entry in entries if entry.retells} & {*changes.reread})}
        outcome = f"superseded by run {promotion.run.run_id}"
        cancelled = await cancel_unsent(connection, order, sorted(stale), outcome=outcome)
        await owe_callbacks(connection, entries, self._wire_forms, telling=promotion.telling)
        if promotion.telling.suppressed and cancelled:
            owed = await owed_callbacks(connection, entries, self._wire_forms)
            still = [o.callback_id for o in owed if (o.endpoint_id, o.event_type) in cancelled and o.state == "pending"]
            await retry_callbacks(connection, still)
        endpoints = sorted({endpoint for endpoint, _ in cancelled})
        await connection.execute(statement("callbacks_promote_next"), endpoints, [order for _ in endpoints])

    async def _settle(self, connection: Connection, promotion: Promotion, order: UUID, shown: dict[str, Any]) -> None:
        """The parked events, and the audit: which events changed. What they said before is kept."""
        landed = [UUID(change["parked_id"]) for change in shown["parked"] if change["lands"]]
        parked = [UUID(change["parked_id"]) for change in shown["parked"] if not change["lands"]]
        run = promotion.run
        await settle_parked(connection, promotion.schemas, landed=landed, parked=parked, run=run.run_id)
        action = OperatorAction(
            actor=run.actor,
            action="promote",
            subject="order",
            subject_id=shown["order_no"],
            order_id=order,
            reason=run.reason,
            details={
                "events": shown["events"],
                "tables": shown["tables"],
                "landed": [str(event) for event in landed],
                "parked": [str(event) for event in parked],
            },
            run_id=run.run_id,
        )
        await note_actions(connection, [action])

    async def _end(self, promotion: Promotion) -> dict[str, Any]:
        schemas = promotion.schemas
        async with self._bench.pool.acquire() as connection, connection.transaction():
            await work_on(connection, schemas.shadow)
            nobodys = await parked_of_no_order(connection)
            done = await summary(connection, first=SHOWN_ORDERS)
            await work_on(connection, schemas.live)
            await settle_parked(connection, schemas, landed=[], parked=nobodys, run=promotion.run.run_id)
        skipped = {str(why): number for why, number in done.numbers.items() if why != PROMOTED}
        return {
            "promoted": done.numbers.get(PROMOTED, 0),
            "skipped": [
                {"why": why, "orders": number, "first_orders": done.first_orders[why]}
                for why, number in sorted(skipped.items())
            ],
            "parked_of_no_order": len(nobodys),
        }


def _void_rows(order: UUID, state: OrderState) -> list[VoidStatusRow]:
    return [VoidStatusRow(order, said, case) for case in state.voids.values() for said in case.statuses.values()]
