"""The figures that say at a glance how things stand."""

from dataclasses import dataclass

from store.connection import Connection
from store.pool import statement


@dataclass(frozen=True, slots=True)
class Status:
    """Callbacks by state; how many are due at enabled endpoints and for how long; what else there is."""

    callbacks: dict[str, int]
    due: int
    oldest_due_seconds: float
    parked: int
    orders: int
    endpoints_enabled: int
    endpoints_disabled: int


async def read_status(connection: Connection) -> Status:
    """How things stand now."""
    [row] = await connection.fetch(statement("console_status"))
    return Status(**row)
