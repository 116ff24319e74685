"""ticketwire up: everything on this machine, until Ctrl-C."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import typer

from cli.hub import Hub
from cli.running import RunningUp, only_one, write_running
from cli.talk import Json, print_fields, print_heading, print_json, print_table, say
from runtime.logs import configure_logs
from runtime.service import stop_signals
from runtime.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Start here")(up)


def up(as_json: Json = False) -> None:
    """Run Kafka, Postgres and every service on this machine until Ctrl-C; prints the addresses when ready.

    Kafka and Postgres are embedded, with their data in .ticketwire, unless the settings name others. A service that
    dies is started again. A second Ctrl-C ends everything at once.
    """
    settings = load_settings()
    configure_logs(service="up", format_="text")
    folder = settings.data_dir

    async def run() -> None:
        hub = Hub(settings, data_dir=folder, talk=say, on_change=lambda running: write_running(folder, running))
        await run_hub(hub, lambda running: _ready(folder, running, as_json=as_json))

    with only_one(folder):
        asyncio.run(run())


async def run_hub(hub: Hub, ready: Callable[[RunningUp], Awaitable[None]], *, end_when_done: bool = False) -> None:
    """Start the hub, do `ready`, and stay until a stop signal, which may come at any time; then stop in order.

    `end_when_done`: stop as soon as `ready` is done.

    Raises whatever ends the hub or `ready` early, after everything is stopped.
    """
    with stop_signals() as stop:
        life = asyncio.create_task(_live(hub, ready, end_when_done=end_when_done))
        signalled = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({life, signalled}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                say("stopping (once more to end at once)")
        finally:
            signalled.cancel()
            life.cancel()
            failure = (await asyncio.gather(life, return_exceptions=True))[0]
            await hub.stop()
        if isinstance(failure, Exception):
            raise failure


async def _live(hub: Hub, ready: Callable[[RunningUp], Awaitable[None]], *, end_when_done: bool) -> None:
    running = await hub.start()
    watching = asyncio.create_task(hub.watch())
    try:
        await ready(running)
        if not end_when_done:
            await watching
    finally:
        watching.cancel()


async def _ready(folder: Path, running: RunningUp, *, as_json: bool) -> None:
    write_running(folder, running)
    if as_json:
        print_json(running.model_dump())
    else:
        show_running(running)
    say("ready; Ctrl-C stops everything")


def show_running(running: RunningUp) -> None:
    """The addresses, for a person."""
    print_heading("addresses")
    print_fields(
        {
            **{f"ingest, source {name}": f"POST {url}" for name, url in running.sources.items()},
            "console": f"{running.console}/",
            "API documentation": f"{running.console}/api/docs",
            "admin token": running.admin_token,
            "Kafka bootstrap": running.kafka,
            "Postgres": running.postgres,
        }
    )
    print_heading("services")
    rows = [[s.name, s.pid, f"{s.url}/readyz", f"{s.url}/metrics", s.log] for s in running.services]
    print_table(["name", "process", "health", "metrics", "log"], rows)
