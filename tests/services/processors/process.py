"""A processor as a real process, to be frozen or given a broken decoder from outside.

    python -m tests.services.processors.process NAME [broken | freezing]

Settings come from the environment. `broken`: its decoder reads nothing. `freezing`: it stops itself, as a debugger or a
paused machine would, in the middle of its second transaction.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import store.events
from dialects.contract import Unreadable
from dialects.registry import INBOUND
from processors.main import run
from runtime.logs import configure_logs
from runtime.settings import Settings, load_settings
from tests.waiting import until


@dataclass
class Running:
    """The process, where its health is, and what it has logged so far."""

    process: asyncio.subprocess.Process
    url: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


@asynccontextmanager
async def processor_process(settings: Settings, name: str, *manner: str) -> AsyncIterator[Running]:
    """Start one and wait until its health answers; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.services.processors.process", name, *manner),
        env=os.environ | environment(settings),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    running = Running(process, "")
    reading = asyncio.create_task(_read(process.stderr, running))
    try:
        await until(lambda: running.said("service.ready"))
        running.url = running.said("service.ready")[0]["url"]
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def _read(stream: asyncio.StreamReader, running: Running) -> None:
    async for line in stream:
        if line.startswith(b"{"):  # libraries say what they have to say in plain text
            running.lines.append(json.loads(line))


def environment(settings: Settings) -> dict[str, str]:
    """As much of these settings as a processor needs, as the environment of a process."""
    kafka = settings.kafka.model_dump(include={"bootstrap_servers", "topic_prefix", "partitions"})
    sections: dict[str, dict[str, Any]] = {"KAFKA": kafka, "PROCESSORS": settings.processors.model_dump(mode="json")}
    return {
        "TICKETWIRE_POSTGRES__DSN": settings.postgres.dsn.get_secret_value(),
        **{
            f"TICKETWIRE_{section}__{name.upper()}": str(value)
            for section, values in sections.items()
            for name, value in values.items()
        },
    }


class ReadsNothing:
    """A decoder that a release broke."""

    def read(self, _: object) -> object:
        raise Unreadable("broken", "this release reads nothing")


def freezing() -> Any:
    """Wraps the statement that writes events: before the second one, with the orders locked, the process stops."""
    real, calls = store.events.upsert_events, 0

    async def upsert_events(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            os.kill(os.getpid(), signal.SIGSTOP)
        return await real(*arguments)

    return mock.patch("processors.batch.upsert_events", upsert_events)


def main() -> None:
    name, manner = sys.argv[1], sys.argv[2:]
    configure_logs(service="processor", format_="json")
    if manner == ["broken"]:
        with mock.patch.dict(INBOUND, atlas=ReadsNothing()):
            asyncio.run(run(load_settings(), [name]))
    elif manner == ["freezing"]:
        with freezing():
            asyncio.run(run(load_settings(), [name]))
    else:
        asyncio.run(run(load_settings(), [name]))


if __name__ == "__main__":
    main()
