"""What bulk commands share: what is meant is shown, the run watched, its outcome printed."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli.api_client import ApiClient
from cli.run_watch import check_ended_well, follow
from cli.talk import print_fields, print_json, say

Preview = Annotated[bool, typer.Option("--preview", help="Only say what is meant; do nothing.")]
Rate = Annotated[float | None, typer.Option(min=0, help="In a second. 0: no limit. Default: replayer.rate_per_second.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever looks later.")]
Detach = Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")]


def given(**fields: Any) -> dict[str, Any]:
    """Only what was said."""
    return {name: value for name, value in fields.items() if value not in (None, [], ())}


def carry_out(
    api: ApiClient,
    path: str,
    wanted: dict[str, Any],
    *,
    show: Callable[[dict[str, Any]], None],
    detach: bool,
    as_json: bool,
) -> None:
    """Ask for it, watch it to its end unless detached, print what came of it. `show` tells people what is meant.

    Exits with 1 when the run failed, was cancelled, or was stopped by its canary.
    """
    answer: dict[str, Any] = api.post(path, wanted)
    run = answer["run"]
    if not as_json:
        show(answer)
    if run is None:
        if as_json:
            print_json(answer)
        return
    if not detach:
        run = follow(api, run["run_id"])
    if as_json:
        print_json(run)
    elif detach:
        say(f"run {run['run_id']}: watch it with: ticketwire replay watch {run['run_id']}")
    else:
        print_fields(run["result"] or {})
    if not detach:
        check_ended_well(run)
        if (run["result"] or {}).get("stopped"):
            raise typer.Exit(1)
