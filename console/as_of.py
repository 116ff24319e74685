"""As of when one looks at an order: a moment, or a place on Kafka."""

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from console.moments import resolve
from console.texts import Text
from runtime.errors import InvalidRequest
from schemas.arrival import Coordinates
from store.connection import Connection
from store.console_orders import Cut, cut_at_place, places_of_order

AsOf = Annotated[
    Text | None,
    Query(
        description="as of then: RFC 3339 with its zone, back from now such as -2h, or topic/partition/offset of an "
        "arrival: that one, those before it on its partition, and whatever else had arrived by its time"
    ),
]

_PLACE = re.compile(r"([A-Za-z0-9._-]{1,249})/(\d{1,9})/(\d{1,18})", re.ASCII)


async def read_cut(connection: Connection, order: UUID, as_of: str) -> Cut:
    """What is meant; raises InvalidRequest."""
    written = _PLACE.fullmatch(as_of)
    if written is None:
        try:
            return Cut(resolve(as_of, now=datetime.now(UTC)))
        except ValueError as error:
            raise InvalidRequest(
                f"as_of: {error}; or a place such as ticketwire.raw.order.ticketed/3/120",
                hint="the order's timeline shows the time and the place of every arrival",
            ) from error
    place = Coordinates(written[1], int(written[2]), int(written[3]))
    cut = await cut_at_place(connection, order, place)
    if cut is None:
        rows = await places_of_order(connection, order)
        there = ", ".join(f"{r['topic']}/{r['partition']} from {r['first']} to {r['last']}" for r in rows)
        raise InvalidRequest(
            f"as_of: nothing of this order lies on {place.topic}/{place.partition}",
            hint=f"its arrivals lie on {there}" if there else "nothing of it has arrived",
        )
    return cut
