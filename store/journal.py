"""The journal: one row for each change of an order's state."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from schemas.outcomes import Change
from store.connection import Writes
from store.pool import statement


class JournalEntry(NamedTuple):
    """A change that brought the order to `version`, and the event that it tells of. `retells`: that event was known
    before, and may have been told."""

    order_id: UUID
    version: int
    event_id: UUID
    source: str
    event_type: str
    change: Change
    retells: bool = False


async def insert_journal(writes: Writes, entries: Sequence[JournalEntry]) -> None:
    await writes.execute(
        statement("journal_insert"),
        [entry.order_id for entry in entries],
        [entry.version for entry in entries],
        [entry.event_id for entry in entries],
        [entry.change.for_journal() for entry in entries],
        [entry.change.told for entry in entries],
    )
