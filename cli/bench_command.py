"""ticketwire bench: the whole system measured on this machine, every id reconciled."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.run import POLL_SECONDS, Benchmark
from cli.api_client import ApiClient
from cli.demo_command import Defaults
from cli.hub import Hub
from cli.running import RunningUp
from cli.sample_list import samples
from cli.talk import Json, print_fields, print_heading, print_json, say
from runtime.logs import configure_logs

PATIENCE_SECONDS = 600.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Set up and check")(bench)


def bench(
    events: Annotated[int, typer.Option(min=100, max=1_000_000, help="Events of each of the two rounds.")] = 20_000,
    file: Annotated[Path | None, typer.Option(help="Write the figures there, as JSON.")] = None,
    as_json: Json = False,
) -> None:
    """Measure ingest, processors, publisher and the whole way, on servers and data of its own; ends by itself.

    \b
    ticketwire bench
    ticketwire bench --events 50000 --file build/bench.json
    """
    configure_logs(service="bench", format_="text")
    with tempfile.TemporaryDirectory(prefix="ticketwire-bench-") as folder:
        hub = Hub(Defaults(), data_dir=Path(folder), talk=say, any_port=True, isolated=True)
        figures = asyncio.run(_measured(hub, events))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(figures, indent=2))
    if as_json:
        print_json(figures)
        return
    for part, values in figures.items():
        print_heading(part)
        print_fields(values)
    if figures["ids"]["lost"] or figures["ids"]["doubled"]:
        raise typer.Exit(1)


async def _measured(hub: Hub, events: int) -> dict[str, Any]:
    running = await hub.start()
    try:
        return await Benchmark(_Running(hub, running), events=events, until=_until).run()
    finally:
        await hub.stop()


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(POLL_SECONDS)


class _Running:
    """`bench.run.Machine`, by the hub."""

    def __init__(self, hub: Hub, running: RunningUp) -> None:
        self.ingest_url = running.sources[samples()[0].source]
        self.dsn = running.postgres
        self._hub = hub
        self._api = ApiClient(running.console, running.admin_token)

    async def stop(self, service: str) -> None:
        await self._hub.child(service).stop()

    async def start(self, service: str) -> None:
        await self._hub.child(service).start()
        await self._hub.child(service).wait_ready()

    async def make_endpoint(self, url: str) -> None:
        form = {"name": "bench", "url": f"{url}/hook", "dialect": "standard", "max_in_flight": 64}
        await asyncio.to_thread(self._api.post, "/endpoints", form)

    def processes(self) -> dict[str, int]:
        return self._hub.processes()
