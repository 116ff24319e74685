"""What can be done of the next batch while Postgres works on the present one: read it, look at it, decode it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from dialects.contract import Inbound
from processors.decode import Record, decode
from schemas.arrival import Arrival
from store.parked import ParkedEvent

_DECODED_AT_ONCE = 5
"""Records between two looks at what else there is to do, such as an answer of Postgres."""

Found = TypeVar("Found")
Prepared = TypeVar("Prepared")


async def ahead(
    source: AsyncGenerator[Found, None], prepare: Callable[[Found], Awaitable[Prepared]]
) -> AsyncGenerator[Prepared, None]:
    """What `prepare` makes of each that comes from `source`, one ahead of who asks. Raises what either raises, when
    its turn comes. Close it when leaving early (`contextlib.aclosing`), and `source` after it."""

    async def next_one() -> tuple[Prepared] | None:
        async for found in source:
            return (await prepare(found),)
        return None

    coming = asyncio.create_task(next_one())
    try:
        while (prepared := await coming) is not None:
            coming = asyncio.create_task(next_one())
            yield prepared[0]
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def decoded(records: Sequence[Record], dialects: Mapping[str, Inbound]) -> list[Arrival | ParkedEvent]:
    """As `decode`, each in its place, in pieces: in one go all would be done at once when Postgres is waited for, which
    is at the first and shortest statement of a batch."""
    items: list[Arrival | ParkedEvent] = []
    for begin in range(0, len(records), _DECODED_AT_ONCE):
        items += [decode(record, dialects) for record in records[begin : begin + _DECODED_AT_ONCE]]
        await asyncio.sleep(0)
    return items
