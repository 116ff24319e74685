"""One service as a process that is kept running, as an init system would, and that faults can be done to."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.wrong_clock import set_clock

ROOT = Path(__file__).parents[2]
RESTART_SECONDS = 0.2
STOP_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run (words after `ticketwire`), with which environment, where its health is served, where it writes."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    url: str
    logs: Path
    folder: Path


class Service:
    """Started again whenever it ends, until `stop`. Counts its `starts`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.starts = 0
        self._clock = plan.folder / f"{plan.name}.clock"
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The present process; 0 while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Start it; does not wait until it is ready."""
        set_clock(self._clock, 0.0)
        await self._launch()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.plan.name}")

    def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM: it finishes what it does, and is started again."""
        self._signal(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def set_clock(self, seconds: float) -> None:
        """Make its clock wrong by so much; 0: right."""
        set_clock(self._clock, seconds)

    async def stop(self) -> bool:
        """End it for good, gracefully; False when it had to be killed. Safe to repeat."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return True
        for number in (signal.SIGCONT, signal.SIGTERM):
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _launch(self) -> None:
        self.starts += 1
        with (self.plan.logs / f"{self.plan.name}.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "tests.chaos.wrong_clock", str(self._clock), "--"),
                *self.plan.words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.plan.environment, "PYTHONPATH": str(ROOT)},
                cwd=self.plan.folder,
                start_new_session=True,  # Ctrl-C is for whoever started us
            )

    async def _keep(self) -> None:
        while self._process is not None:
            await self._process.wait()
            await asyncio.sleep(RESTART_SECONDS)
            await self._launch()
