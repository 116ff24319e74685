"""ticketwire callback …: what is owed, what became of it, and a hand on it."""

from typing import Annotated, Any

import typer

from cli import callback_bulk
from cli.api_client import Url, open_api, segment
from cli.order_commands import Cursor, Limit, say_more
from cli.talk import Json, print_fields, print_heading, print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="What is owed, what became of it, and a hand on it.")
app.command("retry-all")(callback_bulk.retry_all)

Callback = Annotated[
    str, typer.Argument(help="The callback's id, or the webhook-id that a receiver saw.", metavar="CALLBACK")
]


@app.command("list")
def list_callbacks(
    *,
    state: Annotated[str | None, typer.Option(help="Such as pending, delivered, given_up.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Endpoint, by name or id.")] = None,
    order: Annotated[str | None, typer.Option(help="Order number.")] = None,
    event: Annotated[str | None, typer.Option(help="Event type.")] = None,
    since: Annotated[str | None, typer.Option(help="Owed at or after: 2026-03-01T12:00:00Z, or -2h, -7d.")] = None,
    until: Annotated[str | None, typer.Option(help="Owed before.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Find callbacks, the newest first.

    \b
    ticketwire callback list --state given_up --endpoint shop
    """
    page = open_api(url).get(
        "/callbacks",
        state=state,
        endpoint=endpoint,
        order_no=order,
        event_type=event,
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    if as_json:
        print_json(page)
        return
    columns = ("callback_id", "endpoint", "order_no", "event_type", "state", "attempts", "due_at", "outcome")
    rows = [[callback[column] for column in columns] for callback in page["callbacks"]]
    print_table([column.replace("_", " ") for column in columns], rows, nothing="no such callbacks")
    say_more(page)


@app.command()
def show(callback: Callback, url: Url = None, as_json: Json = False) -> None:
    """One callback with its attempts; one whose result is not known says since when it may have been sent."""
    found: dict[str, Any] = open_api(url).get(f"/callbacks/{segment(callback)}")
    if as_json:
        print_json(found)
        return
    attempts, under_way = found.pop("attempt_list"), found.pop("under_way")
    print_fields(found)
    if attempts:
        print_heading("attempts")
        columns = ("number", "started_at", "outcome", "status", "error", "detail", "trigger")
        names = [column.replace("_", " ") for column in columns]
        print_table(names, [[attempt[column] for column in columns] for attempt in attempts])
    if under_way:
        say(f"attempt {under_way['number']} is under way: {under_way['note']}")


@app.command()
def retry(callback: Callback, url: Url = None, as_json: Json = False) -> None:
    """Send it now, with the same id; one that ended is sent once more."""
    moved = open_api(url).post(f"/callbacks/{segment(callback)}/retry")
    print_json(moved) if as_json else say(f"{moved['state']}: {moved['note']}")


@app.command()
def cancel(
    callback: Callback,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks later.")] = "",
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Never send it; the next one of its order takes its turn."""
    moved = open_api(url).post(f"/callbacks/{segment(callback)}/cancel", {"reason": reason})
    print_json(moved) if as_json else say(moved["state"])
