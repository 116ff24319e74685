"""A world of callbacks, a misbehaving partner, and publishers."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import structlog

from tests.services.publishers.world import World, world_on
from tests.sink import Sink


@pytest.fixture(autouse=True, scope="package")
def _quiet() -> Iterator[None]:
    """Thousands of lines of attempts would hide what failed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


@pytest_asyncio.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with world_on(database_dsn) as made:
        yield made


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as made:
        yield made
