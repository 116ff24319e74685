"""One order's promotion: its shadow becomes its state, if live is still what the shadow was compared with.

Live events fold on what lies in `events`, so the promotion changes which events count and what they say, and folds the
order anew from them; the rows it ends in must be the shadow's. docs/decisions/0037 says who is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from replays.compare import baseline, entries_of, read_states
from replays.difference import event_changes
from replays.retelling import retellings
from schemas.order_state import OrderState
from schemas.wire_forms import WireForms
from store.connection import Connection
from store.journal import JournalEntry, insert_journal
from store.operator_actions import OperatorAction, note_actions
from store.orders import LockedOrder, OrderName, lock_orders, set_versions
from store.owing import Telling, owe_callbacks, owed_callbacks
from store.pool import statement
from store.promotion import cancel_unsent, forget_voids, replace_events, settle_parked
from store.retries import retry_callbacks
from store.runs import Run
from store.shadow import Digests, Schemas, StoredDifference, digests, inbox_digests, work_on
from store.ticketing import TicketingRow, save_ticketing
from store.void_cases import VoidStatusRow, save_void_cases

PROMOTED = "promoted"
MOVED_ON = "live changed since it was compared"
TICKETING = frozenset({"orders", "passengers", "tickets", "pnrs", "ancillaries"})
VOIDS = frozenset({"void_cases", "void_statuses"})


class NotTheShadow(Exception):
    """What a promotion came to is not what was shown: roll it back."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion: whose, of which shadow, and how channels are told."""

    run: Run
    schemas: Schemas
    telling: Telling
    wire_forms: WireForms

    async def promote(self, connection: Connection, difference: StoredDifference) -> str:
        """Promote one order, if live still is what it was compared with; what became of it."""
        order, shown = difference.order_id, difference.difference
        name = OrderName(shown["source"], shown["order_no"])
        locked = (await lock_orders(connection, {order: name}, self.wire_forms))[order]
        live, inbox = await digests(connection, [order]), await inbox_digests(connection, [order])
        present = baseline(live.get(order, Digests({})), None if locked.is_new else inbox.get(order))
        if present != difference.baseline:
            return MOVED_ON
        before = (await read_states(connection, [order]))[0][order]
        await work_on(connection, self.schemas.shadow)
        after = (await read_states(connection, [order]))[0][order]
        await work_on(connection, self.schemas.live)
        entries = await self._write_events(connection, locked, before=before, after=after, source=name.source)
        await self._write_rows(connection, locked, after, version=locked.version + len(entries), differ=shown["tables"])
        await self._tell(connection, order, entries, before=before, after=after)
        await self._settle(connection, order, shown)
        reached = (await digests(connection, [order])).get(order, Digests({}))
        if reached.whole != difference.target:
            raise NotTheShadow
        return PROMOTED

    async def _write_events(
        self, connection: Connection, locked: LockedOrder, *, before: OrderState, after: OrderState, source: str
    ) -> list[JournalEntry]:
        """Which events count and what they say; returns the changes that this is, as the journal has them now."""
        taken = [event for event, counted in after.events.items() if before.events.get(event) != counted]
        await replace_events(
            connection,
            self.schemas,
            locked.order_id,
            superseded=event_changes(before, after).superseded,
            taken=taken,
            run=self.run.run_id,
        )
        entries = entries_of(locked.order_id, source, locked.version, retellings(before, after))
        if entries:
            await insert_journal(connection, entries)
        return entries

    async def _write_rows(
        self, connection: Connection, locked: LockedOrder, after: OrderState, *, version: int, differ: Sequence[str]
    ) -> None:
        """The tables that differ, folded anew: also where the events agree, and somebody changed rows by hand."""
        order = locked.order_id
        await set_versions(connection, [(order, version)])
        if not TICKETING.isdisjoint(differ):
            row = TicketingRow(order, version, is_new=False, refill=True, ticketing=after.ticketing)
            await save_ticketing(connection, [row])
        if not VOIDS.isdisjoint(differ):
            await forget_voids(connection, order)
            if rows := _void_rows(order, after):
                await save_void_cases(connection, rows)

    async def _tell(
        self,
        connection: Connection,
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
        outcome = f"superseded by run {self.run.run_id}"
        cancelled = await cancel_unsent(connection, order, sorted(stale), outcome=outcome)
        await owe_callbacks(connection, entries, self.wire_forms, telling=self.telling)
        if self.telling.suppressed and cancelled:
            owed = await owed_callbacks(connection, entries, self.wire_forms)
            still = [o.callback_id for o in owed if (o.endpoint_id, o.event_type) in cancelled and o.state == "pending"]
            await retry_callbacks(connection, still)
        endpoints = sorted({endpoint for endpoint, _ in cancelled})
        await connection.execute(statement("callbacks_promote_next"), endpoints, [order for _ in endpoints])

    async def _settle(self, connection: Connection, order: UUID, shown: dict[str, Any]) -> None:
        """The parked events, and the audit: which events changed. What they said before is kept."""
        landed = [UUID(change["parked_id"]) for change in shown["parked"] if change["lands"]]
        parked = [UUID(change["parked_id"]) for change in shown["parked"] if not change["lands"]]
        run = self.run
        await settle_parked(connection, self.schemas, landed=landed, parked=parked, run=run.run_id)
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


def _void_rows(order: UUID, state: OrderState) -> list[VoidStatusRow]:
    return [VoidStatusRow(order, said, case) for case in state.voids.values() for said in case.statuses.values()]
