"""Both servers together."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from embedded.services import EmbeddedServices
from runtime.errors import EmbeddedError
from tests.waiting import until


async def test_both_start_below_one_folder_and_a_crash_of_either_is_mended(folder: Path) -> None:
    async with EmbeddedServices(folder) as services:
        crashed = services.kafka.pid, services.postgres.pid
        supervision = asyncio.create_task(services.supervise())
        services.postgres.kill()
        await until(lambda: services.postgres.running and services.postgres.pid != crashed[1])
        await until(lambda: services.postgres.ready)
        assert services.kafka.pid == crashed[0]
        supervision.cancel()
        with suppress(asyncio.CancelledError):
            await supervision
    assert not services.kafka.running
    assert sorted(entry.name for entry in beneath(folder)) == ["kafka", "postgres"]


async def test_one_that_cannot_start_takes_the_other_with_it(folder: Path) -> None:
    taken = EmbeddedServices(folder)
    await taken.postgres.start()
    try:
        other = EmbeddedServices(folder)
        with pytest.raises(EmbeddedError, match="postgres is in use by process"):
            await other.start()
        assert not other.kafka.running
    finally:
        await taken.stop()


def beneath(folder: Path) -> list[Path]:
    return list(folder.iterdir())
