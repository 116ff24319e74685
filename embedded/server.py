"""The life of an embedded server, the same for Kafka and Postgres: start, stop, crash, restart, supervise."""

import asyncio
import signal
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Self

import structlog

from embedded.data_folder import DataFolder
from embedded.kept_process import KeptProcess, last_lines
from runtime.errors import EmbeddedError

INSTALL_HINT = "install Ticketwire with its embedded services: ticketwire[embedded]"
_START_TIMEOUT_SECONDS = 90.0
_POLL_SECONDS = 0.05
_STOP_GRACE_SECONDS = 30.0
# A server that crashes more often than this is not helped by one more start.
_CRASHES_ALLOWED = 5
_CRASH_WINDOW_SECONDS = 60.0

_log = structlog.get_logger(__name__)


class EmbeddedServer(ABC):
    """A real server on this machine, with its data in one folder, listening on loopback.

    It ends when `stop` is called, and also, cleanly, when this process ends in any way (see `keeper`). One object runs
    one server at a time; calls on it must not overlap, except `kill`, `wait` and the properties.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    environment: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What the server gets beside our plain environment."""

    def __init__(self, folder: Path, ports: dict[str, int | None]) -> None:
        self.folder = DataFolder(folder)
        self._ports_wanted = ports
        self._ports: dict[str, int] = {}
        self._process: KeptProcess | None = None
        self._ready = False

    @property
    def log_file(self) -> Path:
        """Where the server's output of this run goes; the run before's is beside it."""
        return self.folder.path / f"{self.name.lower()}.log"

    @property
    def pid(self) -> int:
        """The server's process id; raises EmbeddedError before the start."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._process is not None and self._process.running

    @property
    def ready(self) -> bool:
        """Whether the server has answered since its start, and lives."""
        return self._ready and self.running

    @property
    def port(self) -> int:
        """The port on loopback; known once started, and kept over restarts."""
        if not self._ports:
            raise EmbeddedError(f"{self.name} has not been started")
        return self._ports["port"]

    async def start(self) -> None:
        """Start the server and wait until it answers.

        Makes or repairs the data first if need be. Raises EmbeddedError, and leaves nothing running, if the folder is
        in use, a wanted port is taken, or the server does not come up; cancelling leaves nothing running either.
        """
        if self._process is not None:
            raise EmbeddedError(f"{self.name} in {self.folder.path} is already started")
        await self.folder.lock()
        try:
            self._ports = self.folder.ports(self._ports or self._ports_wanted)
            aside = self.folder.set_aside_unless_complete(self._marker())
            if aside is not None:
                _log.warning("embedded_data_set_aside", server=self.name, moved_to=str(aside))
            command = await self._prepare()
            self._keep_last_log()
            self._process = await KeptProcess.start(
                command,
                log=self.log_file,
                stop_signal=self.stop_signal,
                grace_seconds=_STOP_GRACE_SECONDS,
                lock=self.folder.lock_descriptor,
                environment=self.environment,
            )
            await self._wait_until_ready(self._process)
            self._ready = True
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server cleanly and give its folder back. Safe to repeat, and after a crash."""
        self._ready = False
        if self._process is not None:
            await self._process.stop()
            self._process = None
        self.folder.unlock()

    async def restart(self) -> None:
        """Stop the server if it still runs, and start it on the same ports."""
        await self.stop()
        await self.start()

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a crash would; does not wait (see `wait`). For tests."""
        self._started().kill()

    async def wait(self) -> int:
        """Wait until the server has ended, however it came; its exit code, 128 + n for signal n."""
        return await self._started().wait()

    async def supervise(self) -> None:
        """Restart the server on the same ports whenever it ends by itself; runs until cancelled.

        Cancel and await it before calling `stop`. Raises EmbeddedError when the server crashes again and again.
        """
        crashes: deque[float] = deque(maxlen=_CRASHES_ALLOWED)
        while True:
            code = await self.wait()
            now = time.monotonic()
            if len(crashes) == _CRASHES_ALLOWED and now - crashes[0] < _CRASH_WINDOW_SECONDS:
                raise EmbeddedError(
                    f"{self.name} keeps ending by itself, last with exit code {code}", hint=last_lines(self.log_file)
                )
            crashes.append(now)
            _log.warning("embedded_server_restarted", server=self.name, exit_code=code)
            await self.restart()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    def _marker(self) -> str:
        """A file that complete data always have."""

    @abstractmethod
    async def _prepare(self) -> list[str]:
        """Make the data if there are none, and compose the command that starts the server."""

    @abstractmethod
    async def _answers(self) -> bool:
        """Whether the server does its work now; called again and again while it starts."""

    def _started(self) -> KeptProcess:
        if self._process is None:
            raise EmbeddedError(f"{self.name} has not been started")
        return self._process

    def _keep_last_log(self) -> None:
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".previous.log"))

    async def _wait_until_ready(self, process: KeptProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while not await self._answers():
            if not process.running:
                code = await process.wait()
                raise EmbeddedError(
                    f"{self.name} ended with exit code {code} while starting", hint=last_lines(self.log_file)
                )
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.name} did not answer within {_START_TIMEOUT_SECONDS:.0f} s", hint=last_lines(self.log_file)
                )
            await asyncio.sleep(_POLL_SECONDS)


async def side_by_side(*works: Coroutine[None, None, None]) -> None:
    """Run all at once; the first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
