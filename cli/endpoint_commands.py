"""ticketwire endpoint …: who is told, where and how."""

from typing import Annotated, Any

import typer

from cli import callback_bulk
from cli.api_client import ApiClient, Url, open_api, segment
from cli.talk import Json, print_fields, print_json, print_table, say
from runtime.errors import InvalidRequest

app = typer.Typer(no_args_is_help=True, help="Who is told, where and how.")
app.command()(callback_bulk.recover)

Endpoint = Annotated[str, typer.Argument(help="The endpoint's name or id.", metavar="ENDPOINT")]
UrlOfIt = Annotated[str | None, typer.Option("--to", help="Where callbacks are sent, http or https.")]
Dialect = Annotated[str | None, typer.Option(help="How it is spoken to, such as standard.")]
Events = Annotated[
    list[str] | None, typer.Option("--event", help="An event type it is told of; repeat for more. Default: all.")
]
Policy = Annotated[str | None, typer.Option(help="Retry policy: void, standard, or one of the settings.")]
Credentials = Annotated[
    str | None, typer.Option(help="JSON with what its dialect signs with. Default: a signing secret is made.")
]
HeadersOfIt = Annotated[
    list[str] | None, typer.Option("--header", help="'Name: value', sent with every call; repeat for more.")
]
RateLimit = Annotated[float | None, typer.Option(help="Calls per second; 0: no limit.")]
MaxInFlight = Annotated[int | None, typer.Option(help="Calls under way at once.")]
Timeout = Annotated[float | None, typer.Option("--timeout-seconds", help="Patience for an answer.")]
OnGiveUp = Annotated[str | None, typer.Option(help="keep, or reject_void for the endpoint that carries out voids.")]
Sources = Annotated[
    list[str] | None, typer.Option("--source", help="Tell it of this source's orders only; repeat for more.")
]


def _described(**said: Any) -> dict[str, Any]:
    """The API's words for what the options said; what was not said is left out."""
    given = {name: value for name, value in said.items() if value is not None and value != []}
    if "credentials" in given:
        given["credentials"] = _json_object(given["credentials"])
    if "headers" in given:
        given["headers"] = dict(_header(line) for line in given["headers"])
    if "sources" in given:
        given["filter"] = {"sources": given.pop("sources")}
    if given.get("rate_limit") == 0:
        given["rate_limit"] = None
    return given


def _json_object(text: str) -> dict[str, Any]:
    import json

    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidRequest(
            "--credentials is no JSON object", hint="""for example: --credentials '{"secrets": ["whsec_…"]}'"""
        )
    return value


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise InvalidRequest(f"--header {name[:40]!r} has no colon", hint="for example: --header 'X-Api-Key: abc'")
    return name.strip(), value.strip()


def _show(endpoint: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(endpoint)
        return
    secret = endpoint.pop("secret", None)
    print_fields(endpoint)
    if secret:
        print_fields({"secret": secret})
        say("This secret is shown this once: give it to the receiver now.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="A name of your choice: a-z, 0-9, dot, dash, underscore.")],
    to: Annotated[str, typer.Option("--to", help="Where callbacks are sent, http or https.")],
    *,
    dialect: Dialect = None,
    event: Events = None,
    policy: Policy = None,
    credentials: Credentials = None,
    header: HeadersOfIt = None,
    rate_limit: RateLimit = None,
    max_in_flight: MaxInFlight = None,
    timeout_seconds: Timeout = None,
    on_give_up: OnGiveUp = None,
    source: Sources = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Make an endpoint; its signing secret is made too, and shown this once.

    \b
    ticketwire endpoint create shop --to https://shop.example/hooks
    ticketwire endpoint create voids --to https://voids.example/do \\
        --event order.void --policy void --on-give-up reject_void
    """
    form = _described(
        name=name,
        url=to,
        dialect=dialect,
        event_types=event,
        policy=policy,
        credentials=credentials,
        headers=header,
        rate_limit=rate_limit,
        max_in_flight=max_in_flight,
        timeout_seconds=timeout_seconds,
        on_give_up=on_give_up,
        sources=source,
    )
    _show(open_api(url).post("/endpoints", form), as_json=as_json)


@app.command("list")
def list_all(url: Url = None, as_json: Json = False) -> None:
    """All endpoints by name, with what they are told of and whether they are enabled."""
    endpoints = open_api(url).get("/endpoints")
    if as_json:
        print_json(endpoints)
        return
    columns = ("name", "dialect", "url", "event_types", "policy", "state")
    rows = [[endpoint[column] for column in columns] for endpoint in endpoints]
    hint = "there are no endpoints yet: ticketwire endpoint create --help"
    print_table([column.replace("_", " ") for column in columns], rows, nothing=hint)


@app.command()
def show(endpoint: Endpoint, url: Url = None, as_json: Json = False) -> None:
    """One endpoint. Secrets are never shown, only that they are set."""
    _show(open_api(url).get(f"/endpoints/{segment(endpoint)}"), as_json=as_json)


@app.command()
def update(
    endpoint: Endpoint,
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    to: UrlOfIt = None,
    dialect: Dialect = None,
    event: Events = None,
    policy: Policy = None,
    credentials: Credentials = None,
    header: HeadersOfIt = None,
    rate_limit: RateLimit = None,
    max_in_flight: MaxInFlight = None,
    timeout_seconds: Timeout = None,
    on_give_up: OnGiveUp = None,
    source: Sources = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Change what is given; the rest stays.

    \b
    ticketwire endpoint update shop --rate-limit 20 --max-in-flight 4
    """
    changes = _described(
        name=name,
        url=to,
        dialect=dialect,
        event_types=event,
        policy=policy,
        credentials=credentials,
        headers=header,
        rate_limit=rate_limit,
        max_in_flight=max_in_flight,
        timeout_seconds=timeout_seconds,
        on_give_up=on_give_up,
        sources=source,
    )
    if not changes:
        raise InvalidRequest("nothing is to change", hint="see: ticketwire endpoint update --help")
    _show(open_api(url).call("PATCH", f"/endpoints/{segment(endpoint)}", body=changes), as_json=as_json)


@app.command()
def delete(
    endpoint: Endpoint,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Delete an endpoint; what it is still owed is cancelled, what was sent stays in the orders' timelines."""
    if not yes:
        typer.confirm(f"Delete endpoint {endpoint} and cancel what it is still owed?", abort=True, err=True)
    deleted = open_api(url).call("DELETE", f"/endpoints/{segment(endpoint)}")
    print_json(deleted) if as_json else say(f"deleted; {deleted['cancelled_callbacks']} callbacks cancelled")


@app.command()
def enable(endpoint: Endpoint, url: Url = None, as_json: Json = False) -> None:
    """Send to it again; what waited is due at once, in order."""
    _moved(open_api(url), endpoint, "enable", None, as_json=as_json)


@app.command()
def disable(
    endpoint: Endpoint,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks later.")] = "",
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Send nothing to it until it is enabled again; what becomes owed waits."""
    _moved(open_api(url), endpoint, "disable", {"reason": reason}, as_json=as_json)


def _moved(api: ApiClient, endpoint: str, move: str, body: Any, *, as_json: bool) -> None:
    _show(api.post(f"/endpoints/{segment(endpoint)}/{move}", body), as_json=as_json)


@app.command("rotate-secret")
def rotate_secret(endpoint: Endpoint, url: Url = None, as_json: Json = False) -> None:
    """Sign with a new secret, shown this once; the old one signs too until the next rotation."""
    rotated = open_api(url).post(f"/endpoints/{segment(endpoint)}/rotate-secret")
    print_json(rotated) if as_json else print_fields(rotated)


@app.command("test")
def send_trial(
    endpoint: Endpoint,
    event: Annotated[str | None, typer.Option("--event", help="order.ticketed or order.void.")] = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Send a callback of a made-up order to this endpoint only, by the way of all others."""
    started = open_api(url).post(f"/endpoints/{segment(endpoint)}/test", event_type=event)
    if as_json:
        print_json(started)
        return
    print_fields(started)
    say(f"follow it with: ticketwire callback show {started['callback_id']}")
