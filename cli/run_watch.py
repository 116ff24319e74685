"""Watch a run until it ends. Ctrl-C only looks away: the run goes on."""

import sys
import time
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cli.api_client import ApiClient
from cli.talk import say
from runtime.errors import TicketwireError

ENDED = frozenset({"done", "failed", "cancelled"})
_POLL_SECONDS = 0.25
_NOBODY_AFTER_SECONDS = 5.0


class RunFailed(TicketwireError):
    """The run ended, and not as it should."""

    code = "run-failed"


class _Bar:
    """How far the run is: a bar on a terminal, a word at each change of what it is about elsewhere."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._said = ""
        self._task = TaskID(0)
        self._progress: Progress | None = None
        if sys.stderr.isatty():
            columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task("waiting", total=None)
            self._progress.start()

    def show(self, run: dict[str, Any]) -> None:
        progress = run["progress"]
        phase = progress.get("phase") or run["kind"]
        told = run["error"] or (phase if run["state"] == "running" else run["state"])
        if self._progress is not None:
            self._progress.update(
                self._task, description=told, completed=progress.get("done", 0), total=progress.get("of")
            )
        elif told != self._said:
            say(f"run {self._run_id}: {told}")
        self._said = told

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def follow(api: ApiClient, run_id: str) -> dict[str, Any]:
    """The run once it has ended, however. Ctrl-C raises typer.Exit(130) and leaves it running."""
    bar, begun, told_nobody = _Bar(run_id), time.monotonic(), False
    try:
        while True:
            run: dict[str, Any] = api.get(f"/runs/{run_id}")
            bar.show(run)
            if run["state"] in ENDED:
                return run
            if run["state"] == "requested" and not told_nobody and time.monotonic() - begun > _NOBODY_AFTER_SECONDS:
                say("no replayer has taken it yet: they may be busy, or none runs (ticketwire replayer)")
                told_nobody = True
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        say(f"looked away; run {run_id} goes on: ticketwire replay show {run_id}, or cancel {run_id}")
        raise typer.Exit(130) from None
    finally:
        bar.close()


def check_ended_well(run: dict[str, Any]) -> None:
    """Raise RunFailed unless it is done."""
    if run["state"] == "failed":
        message, _, hint = run["error"].partition("\n  hint: ")
        raise RunFailed(f"run {run['run_id']} failed: {message}", hint=hint)
    if run["state"] == "cancelled":
        raise RunFailed(
            f"run {run['run_id']} was cancelled", hint="what it did stays, and can be done once more without harm"
        )
