"""What a shadow showed, its promotion, and the rebuild drill."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from cli.api_client import ApiClient, Url, open_api, segment
from cli.order_commands import Cursor, Limit, say_more
from cli.run_watch import check_ended_well, follow
from cli.shadow_report import show_difference, show_rebuild, show_shadow
from cli.talk import Json, print_fields, print_json, say
from runtime.errors import InvalidRequest, TicketwireError

FIRST_ORDERS = 20
"""How many orders a shadow shows at once to people."""

RunId = Annotated[str, typer.Argument(help="The run of the shadow.", metavar="RUN")]
Reason = Annotated[str, typer.Option(help="Why, for whoever looks later.")]
Callbacks = Annotated[str, typer.Option(help="suppress, or emit: send what becomes owed, marked as a replay.")]
Detach = Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")]


class RebuildDiffers(TicketwireError):
    """What Kafka folds to is not what live has."""

    code = "rebuild-differs"


class OrdersLeftAlone(TicketwireError):
    """A promotion could not take over every order."""

    code = "orders-left-alone"


def register(app: typer.Typer) -> None:
    """Add the command; those on one replay's shadow stand below `replay`."""
    app.command(rich_help_panel="Look and act")(rebuild)


def difference(run: RunId, *, limit: Limit = 50, cursor: Cursor = None, url: Url = None, as_json: Json = False) -> None:
    """Order by order, row by row, what the present code would have otherwise than live; and whom it would tell."""
    page = open_api(url).get(f"/replays/{segment(run)}/difference", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    show_difference(page["orders"])
    say_more(page)


def promote(
    run: RunId,
    *,
    callbacks: Callbacks = "suppress",
    reason: Reason = "",
    detach: Detach = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Take a shadow's difference over into live, order by order.

    An order that live changed since is left alone and named; then the exit code is 1.
    """
    promote_shadow(open_api(url), run, callbacks=callbacks, reason=reason, detach=detach, as_json=as_json)


def discard(run: RunId, reason: Reason = "", url: Url = None, as_json: Json = False) -> None:
    """Drop a shadow; live stays as it is. One that nobody wants goes by itself after three days."""
    answer = open_api(url).post(f"/replays/{segment(run)}/discard", {"reason": reason})
    if as_json:
        print_json(answer)
    else:
        say("discarded")


def rebuild(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Compare with live; nothing else can be done yet.")] = False,
    rate: Annotated[float, typer.Option(min=0, help="Events per second. 0: as fast as live events allow.")] = 0,
    reason: Reason = "",
    detach: Detach = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Fold all that Kafka has, beside live, and compare every order with it. Exit code 1 when they differ.

    \b
    ticketwire rebuild --verify
    """
    if not verify:
        raise InvalidRequest(
            "say --verify: a rebuild compares, and replaces nothing", hint="ticketwire rebuild --verify"
        )
    api = open_api(url)
    run = api.post("/rebuilds", {"rate": rate, "reason": reason})
    if not detach:
        run = follow(api, run["run_id"])
        check_ended_well(run)
    if as_json:
        print_json(run)
    elif detach:
        say(f"run {run['run_id']}: ticketwire replay watch {run['run_id']}")
    else:
        show_rebuild(run["result"])
    if not detach and not run["result"]["equal"]:
        number = run["result"]["differing_orders"]
        raise RebuildDiffers(
            f"{number} orders are not what Kafka folds to",
            hint="ticketwire replay --shadow shows them row by row; if events are missing, ticketwire replay --apply",
        )


def promote_shadow(api: ApiClient, run_id: str, *, callbacks: str, reason: str, detach: bool, as_json: bool) -> None:
    """Promote and, unless detached, watch to the end."""
    run = api.post(f"/replays/{segment(run_id)}/promote", {"callbacks": callbacks, "reason": reason})
    if not detach:
        run = follow(api, run["run_id"])
    if as_json:
        print_json(run)
    else:
        print_fields({"run": run["run_id"], "state": run["state"], **_flat(run["result"] or {})})
    if detach:
        return
    check_ended_well(run)
    if left := sum(part["orders"] for part in run["result"]["skipped"]):
        raise OrdersLeftAlone(
            f"{left} orders were left as they are",
            hint="make another shadow, and promote that: ticketwire replay --shadow",
        )


def show_shadow_run(api: ApiClient, run: dict[str, Any], *, as_json: bool) -> None:
    """A shadow that is complete: its sum, and its difference; as JSON all of it, for people the first orders."""
    orders = _orders(api, run["run_id"])
    if as_json:
        print_json(run | {"difference": list(orders)})
        return
    if run["result"]["differing_orders"]:
        show_difference(islice(orders, FIRST_ORDERS))
    show_shadow(run["result"], run["run_id"])


def _orders(api: ApiClient, run_id: str) -> Iterator[dict[str, Any]]:
    """The whole difference, page by page."""
    cursor = None
    while True:
        page = api.get(f"/replays/{segment(run_id)}/difference", limit=100, cursor=cursor)
        yield from page["orders"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    skipped = [
        f"{part['orders']}: {part['why']} ({', '.join(part['first_orders'])})" for part in result.get("skipped", ())
    ]
    return {name: value for name, value in result.items() if name != "skipped"} | {"skipped": "; ".join(skipped) or 0}
