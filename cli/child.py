"""One service of `up`: a process of its own, restarted when it dies, its output in a file of its own."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from cli.http_call import call
from runtime.errors import ConfigurationError, ServiceUnavailable

READY_PATIENCE_SECONDS = 90.0
STOP_PATIENCE_SECONDS = 25.0
_POLL_SECONDS = 0.05
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_AFTER_SECONDS = 60.0
_WRONG_SETTINGS = 2


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """What to run (words after `ticketwire`), in which environment, where it answers and where its output goes."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    url: str
    log: Path
    folder: Path | None = None
    """Where it runs; None: where we do, so that it finds the same ticketwire.toml."""


class Child:
    """Runs the plan until stopped. `changed` is called whenever its process is another one."""

    def __init__(self, plan: ChildPlan, *, talk: Callable[[str], None], changed: Callable[[], None]) -> None:
        self.plan = plan
        self.restarts = 0
        self._talk = talk
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The present process; 0 while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Start it; from then on it is restarted when it ends by itself."""
        await self._launch()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.plan.name}")

    async def wait_ready(self) -> None:
        """Wait until /readyz is 200. Raises ConfigurationError when it refuses its settings, ServiceUnavailable when
        it is not ready in time; both with the end of its log."""
        deadline = time.monotonic() + READY_PATIENCE_SECONDS
        answer = "nothing"
        while time.monotonic() < deadline:
            if self._process is not None and self._process.returncode == _WRONG_SETTINGS:
                raise ConfigurationError(f"{self.plan.name} refused to start", hint=self._last_lines())
            try:
                status, body = await asyncio.to_thread(call, "GET", f"{self.plan.url}/readyz", timeout_seconds=2.0)
                answer = body.decode(errors="replace")
                if status == 200 and self._answers_itself(body):
                    return
            except ServiceUnavailable as error:
                answer = error.message
            await asyncio.sleep(_POLL_SECONDS)
        raise ServiceUnavailable(
            f"{self.plan.name} is not ready after {READY_PATIENCE_SECONDS:.0f} s: {answer[:300]}",
            hint=self._last_lines(),
        )

    async def stop(self) -> None:
        """Stop it gracefully; after a while by force. Safe to repeat."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE_SECONDS)
        except TimeoutError:
            self._talk(f"{self.plan.name} did not stop within {STOP_PATIENCE_SECONDS:.0f} s: killed")
            process.kill()
            await process.wait()

    async def _launch(self) -> None:
        with self.plan.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "cli", *self.plan.words, "--with-parent"),
                stdin=asyncio.subprocess.PIPE,  # never written to: it ends when we do, and the child with it
                stdout=log,
                stderr=log,
                env=dict(self.plan.environment),
                cwd=self.plan.folder,
                start_new_session=True,  # Ctrl-C is for us: services are stopped in their order
            )
        self._changed()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while self._process is not None:
            started = time.monotonic()
            code = await self._process.wait()
            if time.monotonic() - started > _STEADY_AFTER_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self._talk(
                f"{self.plan.name} ended ({_how(code)}); starting it again in {pause:g} s (log: {self.plan.log})"
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self.restarts += 1
            await self._launch()

    def _answers_itself(self, body: bytes) -> bool:
        """Whether it is our process that says so, not another one that took the port first."""
        try:
            return bool(orjson.loads(body).get("pid") == self.pid)
        except (ValueError, AttributeError):
            return False

    def _last_lines(self) -> str:
        text = self.plan.log.read_text(errors="replace") if self.plan.log.exists() else ""
        lines = text.strip().splitlines()[-8:]
        return f"the end of {self.plan.log}:\n    " + "\n    ".join(line[:300] for line in lines)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
