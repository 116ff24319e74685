"""Nobody waits for somebody else's trouble. The strict figure, a fifth, is what `make fuzz` measures."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.hostile import isolation
from tests.services.publishers.world import World, world_on
from tests.sink import Sink


@pytest_asyncio.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with world_on(database_dsn) as made:
        yield made


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as made:
        yield made


async def test_dead_and_slow_endpoints_hold_nobody_up(world: World, sink: Sink) -> None:
    waits = await isolation.beside_bad_endpoints(world, sink, windows=1, samples=100)
    assert not waits.held_up, waits


async def test_a_refused_order_holds_up_itself_alone(world: World, sink: Sink) -> None:
    waits = await isolation.beside_a_refused_order(world, sink, windows=1, samples=100)
    assert not waits.held_up, waits
