"""ticketwire parked redrive, discard, export: a hand on what is parked."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer

from cli.api_client import Url, open_api
from cli.bulk_run import Detach, Preview, Rate, Why, carry_out, given
from cli.talk import Json, print_fields, print_json, say
from runtime.errors import InvalidRequest

Ids = Annotated[
    list[str] | None, typer.Argument(help="Ids of parked events. Without any: those that the options name.")
]
Fingerprint = Annotated[str | None, typer.Option(help="What failed alike: see groups.")]
Code = Annotated[str | None, typer.Option(help="What they are parked for: a stable code.")]
Processor = Annotated[str | None, typer.Option(help="Processor.")]
Source = Annotated[str | None, typer.Option(help="Source.")]
Order = Annotated[str | None, typer.Option(help="Order number.")]
Topic = Annotated[str | None, typer.Option(help="Kafka topic.")]
Since = Annotated[str | None, typer.Option(help="Parked at or after: 2026-03-01T12:00:00Z, or -2h, -7d.")]
Until = Annotated[str | None, typer.Option(help="Parked before.")]
All = Annotated[bool, typer.Option("--all", help="Everything that is parked.")]


def redrive(
    ids: Ids = None,
    *,
    fingerprint: Fingerprint = None,
    code: Code = None,
    processor: Processor = None,
    source: Source = None,
    order: Order = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    everything: All = False,
    canary: Annotated[
        int | None, typer.Option(min=1, help="Try this many first, and stop if any of them fails again.")
    ] = None,
    rate: Rate = None,
    reason: Why = "",
    preview: Preview = False,
    detach: Detach = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Try parked events again with the present code. What lands leaves the list, what fails again is counted.

    \b
    ticketwire parked redrive 0198c1f2-7a55-8c9e-b0a1-3d5e7f901234
    ticketwire parked redrive --fingerprint 3f2a9c81d0e4b765 --canary 10 --reason "the decoder is mended"
    ticketwire parked redrive --code decoder-failed --since -1d --preview
    """
    selection = _selection(
        everything,
        ids=ids,
        fingerprint=fingerprint,
        reason=code,
        processor=processor,
        source=source,
        order_no=order,
        topic=topic,
        since=since,
        until=until,
    )
    wanted = given(canary=canary, rate=rate) | {"selection": selection, "reason": reason, "preview": preview}
    carry_out(open_api(url), "/parked/retry", wanted, show=partial(_show, ids or []), detach=detach, as_json=as_json)


def export(
    ids: Ids = None,
    *,
    fingerprint: Fingerprint = None,
    code: Code = None,
    processor: Processor = None,
    source: Source = None,
    order: Order = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    everything: All = False,
    rate: Rate = None,
    reason: Why = "",
    preview: Preview = False,
    detach: Detach = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Write the original records to dlq.TOPIC.GROUP, with Kafka's own __dlq.errors.* headers. They stay parked.

    \b
    ticketwire parked export --fingerprint 3f2a9c81d0e4b765
    """
    selection = _selection(
        everything,
        ids=ids,
        fingerprint=fingerprint,
        reason=code,
        processor=processor,
        source=source,
        order_no=order,
        topic=topic,
        since=since,
        until=until,
    )
    wanted = given(rate=rate) | {"selection": selection, "reason": reason, "preview": preview}
    carry_out(open_api(url), "/parked/export", wanted, show=partial(_show, ids or []), detach=detach, as_json=as_json)


def discard(
    ids: Ids = None,
    *,
    reason: Annotated[str, typer.Option(help="Why they are given up.")],
    fingerprint: Fingerprint = None,
    code: Code = None,
    processor: Processor = None,
    source: Source = None,
    order: Order = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Give parked events up, for a reason. They keep their bytes; no redrive and no replay brings them back.

    \b
    ticketwire parked discard --fingerprint 3f2a9c81d0e4b765 --reason "the supplier's test events"
    """
    selection = _selection(
        everything,
        ids=ids,
        fingerprint=fingerprint,
        reason=code,
        processor=processor,
        source=source,
        order_no=order,
        topic=topic,
        since=since,
        until=until,
    )
    api, wanted = open_api(url), {"selection": selection, "reason": reason}
    if not yes:
        meant = api.post("/parked/discard", wanted | {"preview": True})["left"]
        typer.confirm(f"Discard {meant} parked events?", abort=True, err=True)
    discarded, left = 0, 1
    while left:
        answer = api.post("/parked/discard", wanted)
        discarded, left = discarded + answer["discarded"], answer["left"] if answer["discarded"] else 0
    print_json({"discarded": discarded}) if as_json else say(f"{discarded} discarded")


def _selection(everything: bool, **said: Any) -> dict[str, Any]:
    """What is meant; raises InvalidRequest when that was not said."""
    selection = given(**said)
    if bool(selection) == everything:
        raise InvalidRequest(
            "--all and a choice exclude each other" if everything else "it is not said which parked events are meant",
            hint="give ids, or options such as --fingerprint or --code, or --all",
        )
    return selection


def _show(ids: Sequence[str], answer: dict[str, Any]) -> None:
    chosen = answer["chosen"]
    if chosen["number"] < len(ids):
        say(f"{len(ids) - chosen['number']} of these ids are parked no more, or never were: ticketwire parked show ID")
    if not chosen["number"]:
        say("no such parked events")
    elif answer["run"] is None:
        print_fields(chosen)
    else:
        say(f"{chosen['number']} parked events of {chosen['orders']} orders")
