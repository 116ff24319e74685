"""ticketwire order …: what is known of an order, and how it came to be."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import timeline_commands
from cli.api_client import Url, open_api, segment
from cli.talk import Json, print_fields, print_heading, print_json, print_table, say
from cli.timeline_commands import AsOf, OrderNo, Source
from runtime.errors import InvalidRequest

app = typer.Typer(no_args_is_help=True, help="What is known of an order, and how it came to be.")

Limit = Annotated[int, typer.Option(min=1, max=500, help="Entries of one page.")]
Cursor = Annotated[str | None, typer.Option(help="next_cursor of the page before.")]


def say_more(page: dict[str, Any]) -> None:
    """Say how to get the next page, if there is one."""
    if page["next_cursor"]:
        say(f"there is more: --cursor {page['next_cursor']}")


@app.command("context")
def context(
    order_no: OrderNo,
    file: Annotated[
        Path | None, typer.Argument(help="JSON, by party; - reads standard input. Without it: show what is set.")
    ] = None,
    *,
    source: Source = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Store what a webhook does not carry and a partner needs; callbacks that waited for it go out.

    \b
    ticketwire order context TESTL20230922153224323 context.json
    echo '{"PARTY": {"FIELD": "value"}}' | ticketwire order context TESTL20230922153224323 -
    """
    path = f"/orders/{segment(order_no)}/context"
    api = open_api(url)
    query = {"source": source}
    shown = api.get(path) if file is None else api.call("PUT", path, body=_contexts(file), query=query)
    if as_json:
        print_json(shown)
    else:
        columns = ("party", "source", "updated_at", "fields")
        rows = [[c["party"], c["source"] or "any", c["updated_at"], ", ".join(c["fields"])] for c in shown["contexts"]]
        print_table(columns, rows, nothing=f"no context is set for {order_no}")


def _contexts(file: Path) -> Any:
    text = sys.stdin.read() if str(file) == "-" else file.read_text()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"{file} is not JSON: {error}", hint='write {"PARTY": {"FIELD": "value"}}') from None


@app.command("list")
def list_orders(
    *,
    order: Annotated[str | None, typer.Option(help="Order number.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Ticket number.")] = None,
    pnr: Annotated[str | None, typer.Option(help="The airline's record locator.")] = None,
    passenger: Annotated[str | None, typer.Option(help="How a passenger's name begins.")] = None,
    source: Annotated[str | None, typer.Option(help="Source.")] = None,
    state: Annotated[str | None, typer.Option(help="ticketed, not-ticketed, void-in-progress or voided.")] = None,
    since: Annotated[str | None, typer.Option(help="Changed at or after: 2026-03-01T12:00:00Z, or -2h, -7d.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Find orders, the latest change first.

    \b
    ticketwire order list --ticket 999-1112265894
    ticketwire order list --state void-in-progress --since 2026-03-01T00:00:00Z
    """
    page = open_api(url).get(
        "/orders",
        order_no=order,
        ticket_number=ticket,
        pnr=pnr,
        passenger=passenger,
        source=source,
        state=state,
        updated_since=since,
        limit=limit,
        cursor=cursor,
    )
    if as_json:
        print_json(page)
        return
    columns = ("order_no", "source", "state", "tickets", "attention", "updated_at")
    rows = [[order[column] for column in columns] for order in page["orders"]]
    print_table([column.replace("_", " ") for column in columns], rows, nothing="no such orders")
    say_more(page)


@app.command()
def show(
    order_no: OrderNo, *, source: Source = None, as_of: AsOf = None, url: Url = None, as_json: Json = False
) -> None:
    """The state of one order: passengers, tickets, void cases. Personal data is masked.

    With --as-of, the state then: what had arrived by then, as it is read now.
    """
    order = open_api(url).get(f"/orders/{segment(order_no)}", source=source, as_of=as_of)
    if as_json:
        print_json(order)
        return
    order = {name: value for name, value in order.items() if value is not None}
    passengers, voids = order.pop("passengers"), order.pop("void_cases")
    print_fields(order)
    if passengers:
        print_heading("passengers")
        columns = ("name", "kind", "ticket_numbers", "pnrs", "document_type", "document_number")
        names = [column.replace("_", " ") for column in columns]
        print_table(names, [[passenger[column] for column in columns] for passenger in passengers])
    for case in voids:
        print_heading(f"void case {case['void_code']}: status {case['status']} {case['message']}")
        rows = [[said["arrived_at"], said["status"], said["message"]] for said in case["history"]]
        print_table(["arrived at", "status", "message"], rows)


timeline_commands.register(app)
