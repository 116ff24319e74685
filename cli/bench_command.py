"""ticketwire bench: the whole system measured on this machine, every id reconciled."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.report import tables
from bench.run import MAIN_PARTS, PARTS, Plan, run
from cli.bench_machine import bench_machine
from cli.names import known_name
from cli.talk import print_heading, print_json, print_table, say
from runtime.logs import configure_logs
from runtime.service import stop_signals
from runtime.settings import load_settings

_TO_STDOUT = "-"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Set up and check")(bench)


def bench(
    *,
    events: Annotated[int, typer.Option(min=1000, max=1_000_000, help="Events of each round.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of which the median counts.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long the steady stretch lasts.")] = 30.0,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help=f"Repeat for more: {', '.join(PARTS)}. Default: {', '.join(MAIN_PARTS)}."),
    ] = None,
    overload: Annotated[float, typer.Option(min=2, max=86_400, help="Seconds of the part overload.")] = 600.0,
    file: Annotated[
        str, typer.Option("--json", metavar="FILE", help="Write all figures there, as JSON; -: print them.")
    ] = "",
) -> None:
    """Measure each step, the whole way and its waiting times, each against a ceiling of the same minutes.

    It runs on data of its own, removed at the end: embedded, or in a database and under a topic prefix of its own on
    the servers that the settings name. Exit code 1 when an id was lost or doubled, or durability was not on.

    \b
    ticketwire bench
    ticketwire bench --events 50000 --json build/bench.json
    ticketwire bench --only steady --seconds 300
    ticketwire bench --only claims --only replays --only dead-endpoint --only overload
    """
    configure_logs(service="bench", format_="text")
    parts = [known_name("part", part, PARTS) for part in only or MAIN_PARTS]
    plan = Plan(events=events, seconds=seconds, rounds=rounds, overload=overload, parts=parts)
    figures = asyncio.run(_until_stopped(plan))
    if figures is None:
        raise typer.Exit(1)
    if file == _TO_STDOUT:
        print_json(figures)
    else:
        _show(figures)
        if file:
            _write(Path(file), figures)
    if figures["ids"]["lost"] or figures["ids"]["doubled"]:
        raise typer.Exit(1)


async def _until_stopped(plan: Plan) -> dict[str, Any] | None:
    """The figures; None when a signal came first. Either way nothing of the run stays behind."""
    with stop_signals() as stop:
        measuring, stopped = asyncio.create_task(_measured(plan)), asyncio.create_task(stop.wait())
        await asyncio.wait({measuring, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if measuring.done():
            stopped.cancel()
            return measuring.result()
        say("stopping (once more to end at once)")
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)
        return None


async def _measured(plan: Plan) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ticketwire-bench-") as folder:
        async with bench_machine(load_settings(), folder=Path(folder), talk=say) as machine:
            return await run(machine, plan, say)


def _show(figures: dict[str, Any]) -> None:
    for table in tables(figures):
        print_heading(table.heading)
        print_table(table.columns, table.rows)


def _write(file: Path, figures: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=2))
    say(f"all figures: {file}")
