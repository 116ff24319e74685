"""How long a publisher's claim takes with very many callbacks waiting, against few."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from bench.databases import database_beside
from bench.events import SOURCE
from bench.figures import percentiles_ms
from bench.filling import fill_with_callbacks, make_endpoints
from bench.ground import Ground
from runtime.settings import PostgresSettings
from store.callbacks import claim, due_endpoints
from store.pool import open_pool

ENDPOINTS = 10
CLAIMS = 100
PLACES = 64
"""Free places of a publisher: what it claims at the most."""

_TRY_AGAIN = """
WITH ended AS (DELETE FROM leases RETURNING callback_id)
UPDATE callbacks AS c SET due_at = now() FROM ended WHERE c.callback_id = ended.callback_id
"""


async def measure_claims(ground: Ground, *, few: int, many: int) -> dict[str, Any]:
    """`claims`: percentiles of one claim (look for work, claim, commit) with `few` and with `many` waiting, in turn,
    and their ratios. Each has a database of its own; what was claimed goes to the end of the line, outside
    the measure."""
    async with AsyncExitStack() as stack:
        pools: list[asyncpg.Pool] = []
        for waiting in (few, many):
            ground.say(f"{waiting:,} callbacks waiting: being written")
            dsn = await stack.enter_async_context(database_beside(ground.machine.dsn))
            pool = await open_pool(PostgresSettings.model_validate({"dsn": dsn}), name="bench", live=True)
            stack.push_async_callback(pool.close)
            await _fill(dsn, waiting)
            pools.append(pool)
        ground.say(f"{CLAIMS} claims each, in turn")
        times = await _in_turn(pools)
    shown = [percentiles_ms(taken) for taken in times]
    return {
        "claims": {
            "few": few,
            "many": many,
            "of_few": shown[0],
            "of_many": shown[1],
            "ratio_p50": round(shown[1]["p50_ms"] / shown[0]["p50_ms"], 2),
            "ratio_p99": round(shown[1]["p99_ms"] / shown[0]["p99_ms"], 2),
        }
    }


async def _fill(dsn: str, waiting: int) -> None:
    """Over a connection of its own: a million rows take longer than a service's statement may."""
    connection = await asyncpg.connect(dsn)
    try:
        endpoints = await make_endpoints(connection, ENDPOINTS)
        await fill_with_callbacks(connection, endpoints, waiting, prefix="waiting", source=SOURCE)
    finally:
        await connection.close()


async def _in_turn(pools: Sequence[asyncpg.Pool]) -> list[list[int]]:
    times: list[list[int]] = [[] for _ in pools]
    for number in range(CLAIMS + 1):
        for pool, taken in zip(pools, times, strict=True):
            nanoseconds = await _claim(pool)
            if number:  # the first one prepares the statements
                taken.append(nanoseconds)
    return times


async def _claim(pool: asyncpg.Pool) -> int:
    async with pool.acquire() as connection:
        begun = time.perf_counter_ns()
        async with connection.transaction():
            work = await due_endpoints(connection, except_for=[], count=PLACES)
            budgets = {item.endpoint_id: PLACES // len(work) for item in work}
            claimed = await claim(
                connection,
                budgets,
                worker="bench",
                lease_margin_seconds=5.0,
                settled=[],
                pace_seconds=0.5,
                with_context=[],
            )
        taken = time.perf_counter_ns() - begun
        if len(claimed) != sum(budgets.values()):
            raise RuntimeError(f"claimed {len(claimed)} of {budgets}: the rows that wait have run out")
        await connection.execute(_TRY_AGAIN)
    return taken
