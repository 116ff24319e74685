"""ticketwire callback retry-all, ticketwire endpoint recover: many callbacks once more, at a bounded pace."""

from typing import Annotated, Any

import typer

from cli.api_client import Url, open_api, segment
from cli.bulk_run import Detach, Preview, Rate, Why, carry_out, given
from cli.talk import Json, print_table, say


def retry_all(
    *,
    endpoint: Annotated[str | None, typer.Option(help="Endpoint, by name or id. Default: all.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="given_up, pending, delivered, cancelled, not_deliverable or suppressed; repeat for more."
            " Default: given_up."
        ),
    ] = None,
    event: Annotated[str | None, typer.Option(help="Event type.")] = None,
    since: Annotated[str | None, typer.Option(help="Owed at or after: 2026-03-01T12:00:00Z, or -2h, -7d.")] = None,
    until: Annotated[str | None, typer.Option(help="Owed before.")] = None,
    rate: Rate = None,
    reason: Why = "",
    preview: Preview = False,
    detach: Detach = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Send callbacks once more, each order's in sequence, at each endpoint no faster than it takes them.

    \b
    ticketwire callback retry-all --endpoint shop --state given_up --since -2d --preview
    ticketwire callback retry-all --endpoint shop --state suppressed --rate 20
    """
    selection = given(endpoint=endpoint, states=state, event_type=event, since=since, until=until)
    wanted = given(rate=rate) | {"selection": selection, "reason": reason, "preview": preview}
    carry_out(open_api(url), "/callbacks/retry", wanted, show=_show, detach=detach, as_json=as_json)


def recover(
    endpoint: Annotated[str, typer.Argument(help="The endpoint's name or id.", metavar="ENDPOINT")],
    *,
    since: Annotated[str, typer.Option(help="When its outage began: 2026-03-01T12:00:00Z, or -2h, -3d.")],
    rate: Rate = None,
    reason: Why = "",
    preview: Preview = False,
    detach: Detach = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """After an outage of an endpoint: what was given up since then begins anew, what waits for its retry is due now.

    \b
    ticketwire endpoint recover shop --since -3d --preview
    """
    wanted = given(rate=rate) | {"since": since, "reason": reason, "preview": preview}
    path = f"/endpoints/{segment(endpoint)}/recover"
    carry_out(open_api(url), path, wanted, show=_show, detach=detach, as_json=as_json)


def _show(answer: dict[str, Any]) -> None:
    if answer["run"] is not None:
        say(f"{answer['number']} callbacks")
    else:
        columns = ("endpoint", "state", "number", "orders", "oldest", "newest", "disabled", "sample")
        rows = [[part[column] for column in columns] for part in answer["chosen"]]
        print_table(columns, rows, nothing="no such callbacks")
    for name in sorted({part["endpoint"] for part in answer["chosen"] if part["disabled"]}):
        say(f"endpoint {name} is disabled: its callbacks wait until it is enabled")
