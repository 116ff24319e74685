"""The journal: one row for each change of an order's state."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.outcomes import Change
from store.connection import Connection


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A change that brought the order to `version`, and the event that it tells of. `retells`: that event was known
    before, and may have been told."""

    order_id: UUID
    version: int
    event_id: UUID
    source: str
    event_type: str
    change: Change
    retells: bool = False


async def insert_journal(connection: Connection, entries: Sequence[JournalEntry]) -> None:
    await connection.copy_records_to_table(
        "journal",
        columns=("order_id", "version", "event_id", "change", "told"),
        records=[
            (entry.order_id, entry.version, entry.event_id, entry.change.for_journal(), entry.change.told)
            for entry in entries
        ],
    )
