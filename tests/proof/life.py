"""One life of a service: a process of its own, armed with a kill point or not, until it dies or is stopped.

Lives are forked from a process that has everything imported already: a start costs milliseconds and not a second of
a core, so that many kills fit into a test. Nothing else differs from `python -m tests.proof.armed`.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.proof.armed import run

_IMPORTED = ["cli.main", "ingest.main", "processors.main", "publishers.main", "tests.proof.armed"]
_STOP_PATIENCE_SECONDS = 20.0


class Life:
    """Started when it is made. `words` are those of `ticketwire`; `point` may be empty: not armed."""

    def __init__(
        self, words: Sequence[str], *, environment: Mapping[str, str], log: Path, point: str = "", nth: int = 1
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_IMPORTED)
        arguments = (list(words), dict(environment), str(log), point, nth)
        self._process = context.Process(target=_live, args=arguments, daemon=True, name=" ".join(words))
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.exitcode

    async def ended(self, seconds: float) -> bool:
        """Wait for its end; whether it came within this time.

        In the event loop's thread, as every start: a start asks for the ends of all that live, each end can be read
        once, and who comes second, from a thread of its own, takes it for exit code 255.
        """
        if self.exit_code is None:
            loop, died = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(self._process.sentinel, died.set)
            try:
                with suppress(TimeoutError):
                    await asyncio.wait_for(died.wait(), seconds)
            finally:
                loop.remove_reader(self._process.sentinel)
        return self.exit_code is not None

    async def stop(self) -> int | None:
        """Stop it as an operator would, by force if that does not help; its exit code."""
        self._signal(signal.SIGTERM)
        if not await self.ended(_STOP_PATIENCE_SECONDS):
            self.kill()
            await self.ended(_STOP_PATIENCE_SECONDS)
        return self.exit_code

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.exitcode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _live(words: list[str], environment: dict[str, str], log: str, point: str, nth: int) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    run(words, point=point, nth=nth)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
