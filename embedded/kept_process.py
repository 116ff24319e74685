"""A server process with a keeper: see `keeper` for who stops it when."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from runtime.errors import EmbeddedError

_HERE = Path(__file__).parent
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH")


class KeptProcess:
    """One run of a server. `start` makes it; `stop` or the server's own end finish it; it is not started again."""

    def __init__(self, keeper: asyncio.subprocess.Process, pid: int) -> None:
        self._keeper = keeper
        self.pid = pid

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        stop_signal: signal.Signals,
        grace_seconds: float,
        lock: int,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> "KeptProcess":
        """Start `command` under a keeper, its output appended to `log`, `lock` (a descriptor) held while it lives.

        It gets our `plain_environment`, and `environment`.
        """
        with log.open("ab") as output:
            keeper = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_HERE / "keeper.py")),
                *(str(os.getpid()), str(int(stop_signal)), str(grace_seconds), str(lock)),
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                start_new_session=True,
                pass_fds=[lock],
                env={**plain_environment(), **environment},
            )
        assert keeper.stdout is not None  # noqa: S101 - asked for just above
        try:
            line = await keeper.stdout.readline()
        except BaseException:
            await _end(keeper)
            raise
        if not line.strip():
            await keeper.wait()
            raise EmbeddedError(f"{command[0]} could not be started", hint=last_lines(log))
        return cls(keeper, int(line))

    @property
    def running(self) -> bool:
        """Whether the server lives, as far as we were told."""
        return self._keeper.returncode is None

    async def wait(self) -> int:
        """Wait for the server's end, however it came; its exit code, 128 + n for signal n."""
        return await self._keeper.wait()

    async def stop(self) -> None:
        """Stop the server cleanly and wait for its end; after the grace period it is killed. Safe to repeat."""
        await _end(self._keeper)

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a crash would; does not wait."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)


async def _end(keeper: asyncio.subprocess.Process) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    await keeper.wait()


def launch_words(folder: Path, death_signal: signal.Signals, identity: Sequence[str] = ("as-is",)) -> list[str]:
    """What to put before a command to run it by `launch`."""
    return [sys.executable, "-I", "-S", str(_HERE / "launch.py"), str(int(death_signal)), str(folder), *identity, "--"]


def plain_environment() -> Mapping[str, str]:
    """Our environment without what would sway a server (PGDATA, JAVA_TOOL_OPTIONS, …)."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


async def run_to_end(name: str, command: Sequence[str], *, lock: int) -> None:
    """Run a tool of a server to its end; raises EmbeddedError, with what it said last, unless it ended well."""
    tool = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=[lock],
        env=plain_environment(),
    )
    try:
        output, _ = await tool.communicate()
    except asyncio.CancelledError:
        tool.kill()
        await tool.wait()
        raise
    if tool.returncode != 0:
        raise EmbeddedError(
            f"{name} ended with exit code {tool.returncode}", hint=_tail(output.decode(errors="replace"))
        )


def last_lines(log: Path) -> str:
    """The end of a server's log, for an error's hint."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return f"the last lines of {log}:\n{_tail(text)}"


def _tail(text: str, *, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
