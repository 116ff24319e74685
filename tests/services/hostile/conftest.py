"""One ingest and one console for all hostile tests: that they live on from one to the next is part of the test."""

import uuid
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest_asyncio

from tests.hostile.stand import Stand, standing
from tests.hostile.storm import Tally
from tests.services_under_test import dsn_of
from tests.waiting import until

GROWTH_BYTES = 160 * 1024 * 1024
"""What resident memory may grow by in one test: 16 connections that send a megabyte each, several times over."""


@pytest_asyncio.fixture(scope="session")
async def stand(
    kafka_bootstrap: str, postgres_admin_dsn: str, postgres_template: str, services_folder: Path
) -> AsyncIterator[Stand]:
    name = f"ticketwire_hostile_{uuid.uuid4().hex[:10]}"
    administrator = await asyncpg.connect(postgres_admin_dsn)
    await administrator.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    try:
        dsn = dsn_of(name, like=postgres_admin_dsn)
        async with standing(kafka_bootstrap, f"{name}.", dsn, services_folder) as stood:
            yield stood
    finally:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await administrator.close()


@pytest_asyncio.fixture
async def tally(stand: Stand) -> AsyncIterator[Tally]:
    """Counts a test's cases; afterwards none was bad, both services live, and have given back what they took."""
    services = (stand.ingest, stand.console)
    before = [service.holdings() for service in services]
    counted = Tally()
    yield counted
    assert counted.bad == []
    assert counted.cases > 0
    for service, held in zip(services, before, strict=True):
        assert service.alive()
        assert service.holdings().resident - held.resident < GROWTH_BYTES
        await until(partial(service.gave_back, held), what="files to be closed")
