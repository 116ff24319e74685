"""A world of callbacks, a misbehaving partner, and publishers."""

from collections.abc import AsyncIterator

import pytest_asyncio

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
