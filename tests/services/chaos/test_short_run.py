"""A short run of the nemesis, as `make chaos` runs it; the long ones are for whoever changes what they prove."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]
SEED = 391
"""Its first steps: a publisher is killed; ingest is restarted while Kafka refuses connections."""


@asynccontextmanager
async def started(folder: Path, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The tool, with its report and all its data below this folder; interrupted at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos", "--into", str(folder), "--seed", str(SEED), "--with-parent", *words),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdin=asyncio.subprocess.PIPE,  # it ends with us, however we end
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's children ignore it
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.communicate()


def left_behind(folder: Path) -> list[str]:
    """Processes that have to do with this folder, and data in it: of servers, or the small disks they were on."""
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line] + [str(data) for data in folder.glob("ticketwire-chaos-*")]


async def test_nothing_is_lost_or_doubled_while_services_die_and_kafka_is_away(tmp_path: Path) -> None:
    async with started(tmp_path, "--seconds", "8", "--rate", "25", "--recovery-bound", "90") as process:
        assert process.stdout is not None
        said = await process.stdout.read()
        await process.wait()
    assert process.returncode == 0, said.decode()[-6000:]
    figures = json.loads((tmp_path / "chaos.json").read_bytes())
    assert figures["bad"] == []
    assert figures["faults"] >= 2
    assert figures["kills"] >= 1
    assert figures["events"] > 50
    assert figures["deliveries"] > figures["callbacks"] > 50
    assert (figures["lost"], figures["doubled_effects"], figures["sequence_violations"]) == (0, 0, 0)
    assert not left_behind(tmp_path)


async def test_it_ends_with_everything_it_started_when_it_is_interrupted(tmp_path: Path) -> None:
    async with started(tmp_path, "--seconds", "600") as process:
        assert process.stdout is not None
        assert b"ready" in await process.stdout.readline()
        assert len(left_behind(tmp_path)) > 8
    assert process.returncode == 130
    assert not left_behind(tmp_path)
