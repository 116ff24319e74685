"""A batch in the handler: taken whole, or not at all; what was applied stays applied."""

import asyncio
import gc
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
import uuid_utils.compat as uuids

from dialects.contract import Unreadable
from dialects.registry import INBOUND
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import PROCESSORS
from schemas.raw_event import RawEvent
from tests.services.processors.conftest import WIRE_FORMS, void_body

ENDLESS = "".join(random.Random(1).choices(string.ascii_letters, k=10_000))
"""A void code that no index takes."""


@dataclass(frozen=True)
class Read:
    """A record as it is read from Kafka."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    topic: str = "raw"
    partition: int = 0
    timestamp: int | None = None


def void_record(offset: int, *, code: str = "V-1") -> Any:
    body = void_body(f"O{offset}", 0, code=code)
    raw = RawEvent(uuids.uuid7(), "atlas", "order.void", datetime.now(UTC), "atlas", f"O{offset}", body)
    return Read(offset, raw.key, body, raw.to_headers())


def handler(pool: asyncpg.Pool, dialects: dict[str, Any] | None = None) -> Handler:
    limit = ParkingLimit(window_records=1000, limit_percent=50)
    known = dialects or dict(INBOUND)
    return Handler(
        PROCESSORS["void"], pool=pool, dialects=known, wire_forms=WIRE_FORMS, limit=limit, patience_seconds=5
    )


class Broken:
    """A decoder that a release broke."""

    def read(self, _: Any) -> Any:
        raise Unreadable("broken", "this release reads nothing")


async def test_a_record_that_was_applied_is_not_parked_by_a_release_that_cannot_read_it(pool: asyncpg.Pool) -> None:
    known, unknown = void_record(1), void_record(2)
    assert (await handler(pool).handle([known])).counts() == {"applied": 1}
    handled = await handler(pool, {"atlas": Broken()}).handle([known, unknown])
    assert handled.counts() == {"redelivered": 1, "parked": 1}
    assert await pool.fetchval('SELECT "offset" FROM parked') == 2


async def test_a_batch_with_offenders_is_taken_whole_or_not_at_all(pool: asyncpg.Pool) -> None:
    """What is written beside a batch, such as how far a replay is, must never stand for a part of it."""
    records = [void_record(n, code=ENDLESS if n in {1, 4} else "V-1") for n in range(6)]

    async def killed(connection: Any, handled: Any) -> None:
        assert len(handled.parked) == 2
        assert await connection.fetchval("SELECT count(*) FROM void_cases") == 4
        raise LookupError("killed here")

    async def rows() -> list[int]:
        return [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in ("orders", "void_cases", "parked")]

    with pytest.raises(LookupError, match="killed here"):
        await handler(pool).handle(records, beside=killed)
    assert await rows() == [0, 0, 0]
    assert (await handler(pool).handle(records)).counts() == {"applied": 4, "parked": 2}
    assert await rows() == [4, 4, 2]


class Flaky:
    """A pool of a server that refuses a few connections first."""

    def __init__(self, pool: asyncpg.Pool, refusals: int) -> None:
        self._pool = pool
        self._refusals = refusals

    def acquire(self) -> Any:
        if self._refusals:
            self._refusals -= 1
            raise ConnectionRefusedError
        return self._pool.acquire()


async def test_two_batches_at_once_wait_out_an_outage_each(pool: asyncpg.Pool) -> None:
    """A consumer that is stuck in a batch has a successor, with the same handler."""
    taker = handler(Flaky(pool, refusals=5))  # type: ignore[arg-type]
    both = await asyncio.gather(taker.handle([void_record(1)]), taker.handle([void_record(2), void_record(3)]))
    assert [handled.counts() for handled in both] == [{"applied": 1}, {"applied": 2}]
    assert taker.trouble is None


async def test_a_batch_leaves_next_to_nothing_that_only_the_collector_of_cycles_frees(pool: asyncpg.Pool) -> None:
    """It runs rarely in a service (`runtime.service`): what each batch leaves lies about until there are fifty thousand
    objects of it, and what is made meanwhile lies scattered between them."""
    taker, batches = handler(pool), 20
    await taker.handle([void_record(0)])
    gc.collect()
    gc.disable()
    try:
        for number in range(1, batches + 1):
            assert (await taker.handle([void_record(number)])).counts() == {"applied": 1}
        left = gc.collect()
    finally:
        gc.enable()
    assert left / batches < 5
