"""How the bench speaks with its processes: a JSON object a line, in and out; the end of the input ends the process."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import orjson

from runtime.errors import ServiceUnavailable

_LINE_LIMIT = 16 * 1024 * 1024
_END_PATIENCE_SECONDS = 10.0

Job = dict[str, Any]


def serve(do: Callable[[Job], Job]) -> None:
    """Be such a process: do one job after the other."""
    for line in sys.stdin.buffer:
        answer(do(orjson.loads(line)))


def answer(result: Job) -> None:
    """Say what came of a job."""
    sys.stdout.buffer.write(orjson.dumps(result) + b"\n")
    sys.stdout.buffer.flush()


class Helper:
    """Such a process, seen from the bench; used as a context. `module`: what it runs."""

    def __init__(self, module: str, *words: str) -> None:
        self._module = module
        self._words = words
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 before its start."""
        return self._process.pid if self._process else 0

    async def __aenter__(self) -> "Helper":
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", self._module, *self._words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
            start_new_session=True,  # Ctrl-C is for the bench, which ends it
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_PATIENCE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ask(self, **job: Any) -> Job:
        """Let it do a job. Raises ServiceUnavailable when it ended instead; its last words are on standard error."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError(f"{self._module} is not running")
        process.stdin.write(orjson.dumps(job) + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise ServiceUnavailable(f"{self._module} ended in the middle of a job", hint="see its output above")
        result: Job = orjson.loads(line)
        return result
