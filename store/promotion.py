"""What a promotion changes of one order besides its state's own tables, which their modules write.

The connection works on live, in a transaction that has locked the order; the run's shadow is read beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from store.connection import Connection
from store.pool import statement
from store.shadow import Schemas


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the differences of a run, by outcome (None: not tried), and some of their orders."""

    numbers: dict[str | None, int]
    first_orders: dict[str | None, list[str]]


async def replace_events(
    connection: Connection,
    schemas: Schemas,
    order: UUID,
    *,
    superseded: Sequence[UUID],
    taken: Sequence[UUID],
    run: UUID,
) -> None:
    """Let the superseded events count no more, take those of the shadow over, and have each arrival say what it is
    now. What an event said before that says something else now is kept under the run."""
    await connection.execute(statement("promote_supersede"), superseded, run)
    await connection.execute(statement("promote_keep_reading"), taken, run)
    await connection.execute(schemas.sql("promote_events"), taken)
    await connection.execute(schemas.sql("promote_forget_arrivals"), order)
    await connection.execute(schemas.sql("promote_arrivals"), order, run)


async def forget_voids(connection: Connection, order: UUID) -> None:
    """Remove the order's void cases, to be saved anew."""
    await connection.execute(statement("promote_forget_voids"), order)


async def cancel_unsent(
    connection: Connection, order: UUID, events: Sequence[UUID], *, outcome: str
) -> set[tuple[UUID, str]]:
    """Cancel what was not sent yet of these events' callbacks; returns the endpoints and event types of them."""
    await connection.execute(statement("promote_lock"), order, events)
    rows = await connection.fetch(statement("promote_cancel"), order, events, outcome)
    return {(row["endpoint_id"], row["type"]) for row in rows}


async def settle_parked(
    connection: Connection, schemas: Schemas, *, landed: Sequence[UUID], parked: Sequence[UUID], run: UUID
) -> None:
    """What landed leaves the list of parked events; what the present code cannot read joins it."""
    await connection.execute(statement("promote_landed"), landed, run)
    await connection.execute(schemas.sql("promote_parked"), parked)


async def parked_of_no_order(connection: Connection) -> list[UUID]:
    """Records of no known order that only the shadow has parked. The connection works on the shadow."""
    return [row["parked_id"] for row in await connection.fetch(statement("promote_parked_of_nobody"))]


async def summary(connection: Connection, *, first: int) -> Summary:
    """The connection works on the shadow."""
    rows = await connection.fetch(statement("promote_summary"), first)
    return Summary(
        {row["promoted"]: row["number"] for row in rows}, {row["promoted"]: row["first_orders"] for row in rows}
    )
