"""ticketwire actions: what operators did."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from cli.api_client import Url, open_api
from cli.order_commands import Limit
from cli.talk import Json, print_json, print_table, say


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Look and act")(actions)


def actions(
    *,
    actor: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    action: Annotated[str | None, typer.Option(help="What was done, such as replay, redrive, retry, disable.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="To what kind of thing: endpoint, callback, parked, context or run.")
    ] = None,
    subject_id: Annotated[str | None, typer.Option("--id", help="To which one: the id as it is listed here.")] = None,
    run: Annotated[str | None, typer.Option(help="What this run did, and what was done to it.", metavar="RUN")] = None,
    since: Annotated[str | None, typer.Option(help="Done at or after: 2026-03-01T12:00:00Z, or -2h, -7d.")] = None,
    before: Annotated[int | None, typer.Option(min=1, help="next_before of the page before.")] = None,
    limit: Limit = 50,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """What operators did, the latest first: who, what, to which thing, why, and what came of it.

    What a run did for somebody, such as each event of a redrive, is listed too. What touched one order is in its
    timeline: ticketwire order timeline.

    \b
    ticketwire actions --since -1d
    ticketwire actions --actor ana --subject run
    """
    page = open_api(url).get(
        "/actions",
        actor=actor,
        action=action,
        subject=subject,
        subject_id=subject_id,
        run_id=run,
        since=since,
        before=before,
        limit=limit,
    )
    if as_json:
        print_json(page)
        return
    rows = [[done["at"], done["actor"], _what(done), done["reason"], _came_of(done)] for done in page["actions"]]
    print_table(["at", "who", "what", "why", "result"], rows, nothing="nobody did such a thing")
    if page["next_before"]:
        say(f"there is more: --before {page['next_before']}")


def _what(done: Mapping[str, Any]) -> str:
    return f"{done['action']} {done['subject']} {done['subject_id']}"


def _came_of(done: Mapping[str, Any]) -> str:
    """What the deed was about and led to: `was`, `is` and the like, and how its run ended."""
    told = list(_told(done["details"]))
    if done["run_id"]:
        told.append(f"run {done['run_state']}" if done["subject"] == "run" else f"by run {done['run_id']}")
    return ", ".join(told)


def _told(details: Mapping[str, Any]) -> Iterator[str]:
    for name, value in details.items():
        if isinstance(value, Mapping):
            yield from _told(value)
        elif isinstance(value, list):
            yield f"{name} {' '.join(map(str, value))}"
        elif value not in (None, ""):
            yield f"{name} {value}"
