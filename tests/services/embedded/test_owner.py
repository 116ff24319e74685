"""However the owner of the servers ends, they end cleanly after it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from embedded.services import EmbeddedServices
from tests.services.embedded.conftest import KINDS
from tests.waiting import until


@pytest_asyncio.fixture
async def owner(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[int]]]:
    """A process that owns both servers; yields it and the servers' process ids."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.services.embedded.owner", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    pids = [int(word) for word in (await process.stdout.readline()).split()]
    assert len(pids) == 2
    yield process, pids
    if process.returncode is None:
        process.kill()
        await process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda ending: ending.name)
async def test_servers_end_cleanly_with_their_owner(
    ending: signal.Signals, owner: tuple[asyncio.subprocess.Process, list[int]], folder: Path
) -> None:
    process, pids = owner
    keepers = [psutil.Process(pid).ppid() for pid in pids]
    process.send_signal(ending)
    await process.communicate()
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids + keepers))
    for name, kind in KINDS.items():
        assert kind.farewell in (folder / name / f"{name}.log").read_text()


async def test_servers_end_cleanly_when_their_owner_is_killed_and_can_be_started_at_once(
    owner: tuple[asyncio.subprocess.Process, list[int]], folder: Path
) -> None:
    process, pids = owner
    process.kill()
    await process.communicate()
    # The killed owner's servers are still stopping: this start waits for them.
    async with EmbeddedServices(folder):
        assert not any(psutil.pid_exists(pid) for pid in pids)
        for name, kind in KINDS.items():
            assert kind.farewell in (folder / name / f"{name}.previous.log").read_text()
