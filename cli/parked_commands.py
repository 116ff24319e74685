"""ticketwire parked …: what could not be decoded or applied."""

import base64
from typing import Annotated, Any

import typer

from cli import parked_actions
from cli.api_client import Url, open_api, segment
from cli.order_commands import Cursor, Limit, say_more
from cli.talk import Json, print_fields, print_heading, print_json, print_table

app = typer.Typer(no_args_is_help=True, help="What could not be decoded or applied.")
for _command in (parked_actions.redrive, parked_actions.discard, parked_actions.export):
    app.command()(_command)


@app.command("list")
def list_parked(
    *,
    state: Annotated[str, typer.Option(help="parked, redriven or discarded.")] = "parked",
    order: Annotated[str | None, typer.Option(help="Order number.")] = None,
    reason: Annotated[str | None, typer.Option(help="A stable code.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="What failed alike: see groups.")] = None,
    processor: Annotated[str | None, typer.Option(help="Processor.")] = None,
    source: Annotated[str | None, typer.Option(help="Source.")] = None,
    topic: Annotated[str | None, typer.Option(help="Kafka topic.")] = None,
    since: Annotated[str | None, typer.Option(help="Parked at or after: 2026-03-01T12:00:00Z, or -2h, -7d.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Find parked events, the newest first."""
    page = open_api(url).get(
        "/parked",
        state=state,
        order_no=order,
        reason=reason,
        fingerprint=fingerprint,
        processor=processor,
        source=source,
        topic=topic,
        since=since,
        limit=limit,
        cursor=cursor,
    )
    if as_json:
        print_json(page)
        return
    columns = ("parked_id", "processor", "order_no", "reason", "detail", "fingerprint", "parked_at")
    rows = [[parked[column] for column in columns] for parked in page["parked"]]
    print_table([column.replace("_", " ") for column in columns], rows, nothing="nothing is parked")
    say_more(page)


@app.command()
def groups(url: Url = None, as_json: Json = False) -> None:
    """What failed alike, the largest group first."""
    found = open_api(url).get("/parked/groups")
    if as_json:
        print_json(found)
        return
    columns = (
        *("fingerprint", "number", "orders", "failed_again", "processor", "stage", "reason", "detail_of_one"),
        *("first_parked_at", "last_parked_at", "code_versions", "sample_id"),
    )
    rows = [[group[column] for column in columns] for group in found["groups"]]
    print_table([column.replace("_", " ") for column in columns], rows, nothing="nothing is parked")


@app.command()
def show(
    parked: Annotated[str, typer.Argument(help="The parked event's id.", metavar="PARKED")],
    url: Url = None,
    as_json: Json = False,
) -> None:
    """One parked event with its original bytes and headers. They are not masked: they may hold personal data."""
    found: dict[str, Any] = open_api(url).get(f"/parked/{segment(parked)}")
    if as_json:
        print_json(found)
        return
    key, value, headers = found.pop("key"), found.pop("value"), found.pop("headers")
    print_fields(found | {"key": _text(key)})
    print_heading("headers")
    print_table(["name", "value"], [[header["name"], _text(header["value"])] for header in headers])
    print_heading("body as received")
    print(_text(value))


def _text(original: dict[str, Any] | None) -> str:
    if original is None:
        return "(none)"
    text: str | None = original["text"]
    return repr(base64.b64decode(original["base64"])) if text is None else text
