"""`ticketwire` as a user starts it: a process of its own, in a folder of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[3]
READY_SECONDS = 90.0


def environment(**said: str) -> dict[str, str]:
    """Ours without any settings, with free ports, and with the code of this tree wherever it runs."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TICKETWIRE_")}
    kept = {name: os.environ[name] for name in ("TICKETWIRE_CACHE_DIR",) if name in os.environ}
    ports = {"TICKETWIRE_INGEST__PORT": "0", "TICKETWIRE_CONSOLE__PORT": "0"}
    return {**plain, **kept, **ports, "PYTHONPATH": str(ROOT), **said}


async def start(folder: Path, *words: str, **said: str) -> asyncio.subprocess.Process:
    """Start the command line with its output in pipes."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", *words),
        cwd=folder,
        env=environment(**said),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run_to_end(folder: Path, *words: str, **said: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    process = await start(folder, *words, **said)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@dataclass(slots=True)
class Up:
    """A running `ticketwire up`; `heard` is what it has said so far."""

    process: asyncio.subprocess.Process
    folder: Path
    heard: list[str]

    @property
    def told(self) -> dict[str, Any]:
        """Its state file, as it is now."""
        said: dict[str, Any] = json.loads((self.folder / ".ticketwire" / "up.json").read_text())
        return said

    def pid_of(self, name: str) -> int:
        return int(next(service["pid"] for service in self.told["services"] if service["name"] == name))

    async def hear(self, words: str) -> str:
        """Wait for a line that holds these words; returns it."""
        assert self.process.stderr is not None
        async with asyncio.timeout(READY_SECONDS):
            while True:
                line = (await self.process.stderr.readline()).decode()
                assert line, f"it ended without saying {words!r}; it said:\n{''.join(self.heard)}"
                self.heard.append(line)
                if words in line:
                    return line

    def family(self) -> list[psutil.Process]:
        """Itself and all its descendants."""
        this = psutil.Process(self.process.pid)
        return [this, *this.children(recursive=True)]


@asynccontextmanager
async def up(folder: Path, **said: str) -> AsyncIterator[Up]:
    """Start `ticketwire up`, wait until it is ready, and make sure that nothing of it stays behind."""
    process = await start(folder, "up", "--json", **said)
    running = Up(process, folder, [])
    try:
        await running.hear("ready;")
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()
