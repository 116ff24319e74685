"""A service as the real process that users run, and what it holds: resident memory, open files."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

START_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds: resident bytes and open file descriptors."""

    resident: int
    files: int


@dataclass(frozen=True, slots=True)
class Service:
    """A running service and its port."""

    name: str
    port: int
    log: Path
    process: asyncio.subprocess.Process

    def alive(self) -> bool:
        return self.process.returncode is None

    def holdings(self) -> Holdings:
        seen = psutil.Process(self.process.pid)
        return Holdings(seen.memory_info().rss, seen.num_fds())

    def gave_back(self, before: Holdings) -> bool:
        """Whether it holds no more files than before; connections to Kafka and Postgres may come and go."""
        return self.holdings().files <= before.files + 12

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(errors="replace")


@contextlib.asynccontextmanager
async def running(name: str, environment: Mapping[str, str], folder: Path) -> AsyncIterator[Service]:
    """`ticketwire <name>` with these settings beside the environment's, ready; stopped at the end, killed if it hangs.

    Raises AssertionError with the log when it does not become ready, or does not stop cleanly.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from cli.main import main; main()", name),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "TICKETWIRE_LOG_FORMAT": "json", **environment},
        )
    service = Service(name, 0, log, process)
    try:
        port = await _port(service)
        yield Service(name, port, log, process)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), START_PATIENCE_SECONDS)
        assert process.returncode == 0, f"{name} ended with {process.returncode}: {service.said()[-2000:]}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _port(service: Service) -> int:
    """The port of the line that says where it serves."""
    try:
        async with asyncio.timeout(START_PATIENCE_SECONDS):
            while service.alive():
                for line in service.said().splitlines():
                    with contextlib.suppress(ValueError):
                        said = json.loads(line)
                        if "url" in said:
                            return int(said["url"].rsplit(":", 1)[1])
                await asyncio.sleep(0.05)
    except TimeoutError:
        pass
    raise AssertionError(f"{service.name} did not become ready: {service.said()[-2000:]}")
