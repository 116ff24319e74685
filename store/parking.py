"""Whether records were parked, asked by their place on Kafka."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from schemas.arrival import Coordinates
from store.connection import Connection
from store.pool import statement


@dataclass(frozen=True, slots=True)
class Parking:
    """A record that was parked, and what became of it."""

    parked_id: UUID
    state: Literal["parked", "redriven", "discarded"]


async def parking_of(
    connection: Connection, places: Sequence[Coordinates], *, processors: Sequence[str]
) -> dict[Coordinates, Parking]:
    """Those of these records that any of these processors parked."""
    if not places:
        return {}
    rows = await connection.fetch(
        statement("parked_states"),
        processors,
        [at.topic for at in places],
        [at.partition for at in places],
        [at.offset for at in places],
    )
    return {
        Coordinates(row["topic"], row["partition"], row["offset"]): Parking(row["parked_id"], row["state"])
        for row in rows
    }
