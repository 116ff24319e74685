"""What both commands of this folder share: where they write, what they say, how they end."""

import asyncio
import logging
import shutil
import signal
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import orjson

from runtime.logs import configure_logs

_Found = TypeVar("_Found")


def say(line: str) -> None:
    """A line for whoever watches."""
    print(line, flush=True)  # noqa: T201 - a command


def empty_logs(into: Path, *, name: str) -> Path:
    """An empty folder for the services' logs below `into`; our own go to the terminal."""
    logs = (into / f"{name}-logs").absolute()
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    configure_logs(service=name, format_="text")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return logs


def scratch(name: str) -> AbstractContextManager[str]:
    """A folder for the servers' data, gone at the end."""
    return tempfile.TemporaryDirectory(prefix=f"ticketwire-{name}-", ignore_cleanup_errors=True)


def write_json(file: Path, figures: dict[str, Any]) -> None:
    file.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


def run(work: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
    """Run it to its end. SIGTERM ends it as Ctrl-C does: everything that was started is stopped."""

    async def told() -> _Found:
        task = asyncio.ensure_future(work())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    return asyncio.run(told())
