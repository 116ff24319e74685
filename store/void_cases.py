"""Void cases: loaded as the fold of their statuses, saved as what holds now and every status that was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.void_case import VoidCase, VoidStatus
from store.connection import Connection, Writes
from store.pool import statement

VoidCases = Mapping[str, VoidCase]
"""The cases of one order, by void code."""


@dataclass(frozen=True, slots=True)
class VoidStatusRow:
    """A status that was said: `case` is the case after it."""

    order_id: UUID
    status: VoidStatus
    case: VoidCase


async def load_void_cases(connection: Connection, order_ids: Sequence[UUID]) -> dict[UUID, VoidCases]:
    """All cases of these orders."""
    found: dict[UUID, dict[str, VoidCase]] = {}
    for row in await connection.fetch(statement("void_statuses_of_orders"), order_ids):
        cases = found.setdefault(row["order_id"], {})
        case = cases.get(row["void_code"]) or VoidCase(row["void_code"])
        status = VoidStatus(row["event_id"], row["status"], row["message"], row["arrived_at"])
        cases[row["void_code"]] = case.with_status(status)
    return dict(found)


async def save_void_cases(writes: Writes, rows: Sequence[VoidStatusRow]) -> None:
    """Write these statuses and the cases they end in; the orders must be locked. The last row of a case holds."""
    said = {(row.order_id, row.case.void_code, row.status.event_id): row.case for row in rows}
    pieces = [
        (order_id, code, case.statuses[event_id])
        for (order_id, code, event_id), case in sorted(said.items(), key=lambda item: item[0])
    ]
    await writes.execute(
        statement("void_statuses_upsert"),
        [order_id for order_id, _, _ in pieces],
        [code for _, code, _ in pieces],
        [status.event_id for _, _, status in pieces],
        [status.status for _, _, status in pieces],
        [status.message for _, _, status in pieces],
        [status.arrived_at for _, _, status in pieces],
    )
    last = {(row.order_id, row.case.void_code): row.case for row in rows}
    held = [(key, case, present) for key, case in sorted(last.items(), key=lambda i: i[0]) if (present := case.present)]
    await writes.execute(
        statement("void_cases_upsert"),
        [key[0] for key, _, _ in held],
        [key[1] for key, _, _ in held],
        [present.status for _, _, present in held],
        [present.message for _, _, present in held],
        [present.event_id for _, _, present in held],
        [present.arrived_at for _, _, present in held],
        [case.contradicted for _, case, _ in held],
    )
