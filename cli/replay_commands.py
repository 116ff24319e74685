"""ticketwire replay …: any stretch of the past once more."""

from typing import Annotated, Any

import typer

from cli.api_client import Url, open_api, segment
from cli.order_commands import Cursor, Limit, say_more
from cli.replay_report import show_result
from cli.run_watch import ENDED, check_ended_well, follow
from cli.shadow_commands import difference, discard, promote_shadow, show_shadow_run
from cli.shadow_commands import promote as promote_command
from cli.talk import Json, print_fields, print_heading, print_json, print_table, say
from runtime.errors import InvalidRequest

_HELP = """Any stretch of the past once more: count it, let what is missing land, or see what new code would change.

A replayer does the work, beside live events, which go first. Ctrl-C only looks away: `replay watch RUN` looks again,
`replay cancel RUN` stops it. Callbacks that become owed are suppressed unless asked for.

\b
ticketwire replay --dry-run --from -2h
ticketwire replay --apply --type order.ticketed --from 2026-03-01T12:00:00Z --to 2026-03-01T13:00:00Z
ticketwire replay --apply --order TESTL20230922153224323
ticketwire replay --apply --type order.void --partition 2 --from-offset 1000 --callbacks emit
ticketwire replay --shadow --from -1d
ticketwire replay --promote RUN
"""

app = typer.Typer(invoke_without_command=True, no_args_is_help=True, help=_HELP)

for command in (difference, promote_command, discard):
    app.command()(command)

RunId = Annotated[str, typer.Argument(help="The run's id.", metavar="RUN")]


@app.callback()
def replay(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is there; change nothing.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Let land what is missing or parked.")] = False,
    shadow: Annotated[bool, typer.Option("--shadow", help="Fold beside live with the present code; compare.")] = False,
    promote: Annotated[
        str | None, typer.Option("--promote", metavar="RUN", help="Take the difference of that shadow over into live.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="An event type, or unrouted. Repeat for more. Default: all types."),
    ] = None,
    source: Annotated[list[str] | None, typer.Option(help="A source. Repeat for more. Default: all.")] = None,
    order: Annotated[str | None, typer.Option(help="One order's number.")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="One partition.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="From this time on: 2026-03-01T12:00:00Z, or -2h, -30m, -7d.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Before this time. Default: all that is there at the start.")] = None,
    from_offset: Annotated[int | None, typer.Option(min=0, help="With one type and a partition.")] = None,
    to_offset: Annotated[int | None, typer.Option(min=0, help="Exclusive; with one type and a partition.")] = None,
    callbacks: Annotated[
        str, typer.Option(help="suppress, or emit: send what becomes owed, marked as a replay.")
    ] = "suppress",
    rate: Annotated[
        float | None, typer.Option(min=0, help="Events per second. 0: no limit. Default: replayer.rate_per_second.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks later.")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Start a replay and watch it to its end. Exit code 1 when it failed or was cancelled."""
    if context.invoked_subcommand is not None:
        return
    if promote is not None:
        promote_shadow(open_api(url), promote, callbacks=callbacks, reason=reason, detach=detach, as_json=as_json)
        return
    wanted = {
        "mode": _mode({"dry-run": dry_run, "apply": apply, "shadow": shadow}),
        "types": types or [],
        "source": source or None,
        "order_no": order,
        "partition": partition,
        "from": from_,
        "to": to,
        "from_offset": from_offset,
        "to_offset": to_offset,
        "callbacks": callbacks,
        "rate": rate,
        "reason": reason,
    }
    api = open_api(url)
    run = api.post("/replays", {name: value for name, value in wanted.items() if value is not None})
    if not detach:
        run = follow(api, run["run_id"])
    if shadow and run["result"]:
        show_shadow_run(api, run, as_json=as_json)
    else:
        _show(run, as_json=as_json)
    if not detach:
        check_ended_well(run)


@app.command("list")
def list_replays(
    *,
    state: Annotated[
        str | None, typer.Option(help="requested, running, done, failed or cancelled. Default: all.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Such as replay or redrive. Default: runs of every kind.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Replays and other runs, the newest first: who asked for what, and what came of it."""
    page = open_api(url).get("/runs", state=state, kind=kind, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    columns = ("run_id", "kind", "state", "actor", "requested_at", "reason")
    rows = [[run[column] for column in columns] + [_far(run)] for run in page["runs"]]
    print_table([*(column.replace("_", " ") for column in columns), "done"], rows, nothing="nothing was run yet")
    say_more(page)


@app.command()
def show(run: RunId, url: Url = None, as_json: Json = False) -> None:
    """One run: who asked for what, how far it is, what came of it."""
    _show(open_api(url).get(f"/runs/{segment(run)}"), as_json=as_json)


@app.command()
def watch(run: RunId, url: Url = None, as_json: Json = False) -> None:
    """Look at a run until it ends. Ctrl-C looks away."""
    ended = follow(open_api(url), segment(run))
    _show(ended, as_json=as_json)
    check_ended_well(ended)


@app.command()
def cancel(run: RunId, url: Url = None, as_json: Json = False) -> None:
    """Stop a run at its next batch. What it did stays, and can be done once more without harm."""
    cancelled = open_api(url).post(f"/runs/{segment(run)}/cancel")
    if as_json:
        print_json(cancelled)
    else:
        say("cancelled" if cancelled["state"] in ENDED else "it ends at its next batch")


def _mode(flags: dict[str, bool]) -> str:
    chosen = [name for name, given in flags.items() if given]
    if len(chosen) != 1:
        raise InvalidRequest(
            f"say what to do, once: {' or '.join(f'--{name}' for name in flags)}; {len(chosen)} of them were given",
            hint="--dry-run changes nothing, and shows what --apply would do",
        )
    return chosen[0]


def _show(run: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(run)
        return
    result = run["result"]
    hidden = {"result", "progress", "cancel_requested"}
    fields = {name: value for name, value in run.items() if name not in hidden and value not in (None, "")}
    print_fields(fields | {"done": _far(run)})
    if result is not None:
        print_heading("result")
        show_result(result)


def _far(run: dict[str, Any]) -> str:
    progress = run["progress"]
    return f"{progress['done']:,} of {progress['of']:,}" if "of" in progress else "-"
