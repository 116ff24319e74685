"""What operators did: who, what, to which thing, why; written in the transaction of the deed, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from store.connection import Connection
from store.pool import statement

Subject = Literal["endpoint", "callback", "parked", "context", "order", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """One deed. `action` is a verb; `details` may hold neither secrets nor personal data; `order_id` is the order
    whose timeline tells of it, `run_id` the run that did it for the actor."""

    actor: str
    action: str
    subject: Subject
    subject_id: str
    order_id: UUID | None = None
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """What is None holds for all. `before`: the action_id with which a page ended."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    subject_id: str | None = None
    run_id: UUID | None = None
    since: datetime | None = None
    before: int | None = None


async def search_actions(connection: Connection, wanted: ActionFilter, *, limit: int) -> list[asyncpg.Record]:
    """One page, the latest first."""
    return await connection.fetch(statement("operator_actions_search"), *astuple(wanted), limit)


async def note_actions(connection: Connection, actions: Sequence[OperatorAction]) -> None:
    """Keep these, in this order. Each call adds rows: to be run in the transaction of what was done."""
    if not actions:
        return
    await connection.execute(
        statement("operator_actions_insert"),
        [action.actor for action in actions],
        [action.action for action in actions],
        [action.subject for action in actions],
        [action.subject_id for action in actions],
        [action.order_id for action in actions],
        [action.reason for action in actions],
        [dict(action.details) for action in actions],
        [action.run_id for action in actions],
    )
