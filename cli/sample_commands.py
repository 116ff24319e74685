"""ticketwire send-sample: a documented payload, signed as its source would sign it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli import http_call
from cli.api_client import address
from cli.names import known_name
from cli.running import read_running
from cli.sample_list import Sample, samples
from cli.source_proof import proof
from cli.talk import Json, print_fields, print_json, print_table
from dialects.contract import Answer, Call, Understood
from dialects.registry import CALLERS, OUTBOUND
from ingest.sources import configured_sources
from runtime.errors import InvalidRequest
from runtime.settings import Settings, VerificationSettings, load_settings

TIMEOUT_SECONDS = 10.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send-sample", rich_help_panel="Look and act")(send_sample)


def send_sample(
    name: Annotated[str | None, typer.Argument(help="Which one; without it they are listed.")] = None,
    *,
    source: Annotated[str | None, typer.Option(help="The source it comes from. Default: its own.")] = None,
    order_no: Annotated[str | None, typer.Option("--order", help="Another order number in it.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="A new order number, so that it is no repeat.")] = False,
    url: Annotated[str | None, typer.Option("--url", help="Ingest's address. Default: of the running `up`.")] = None,
    as_json: Json = False,
) -> None:
    """Send one of the documents' own payloads to ingest, signed as the source's settings ask for.

    \b
    ticketwire send-sample                 lists them
    ticketwire send-sample 01-typical      sends the document's bytes: the first time an event, then a repeat
    ticketwire send-sample 05-void --fresh
    """
    if name is None:
        _list(as_json=as_json)
        return
    chosen = next(s for s in samples() if s.name == known_name("sample", name, [s.name for s in samples()]))
    if fresh and order_no:
        raise InvalidRequest("--order and --fresh exclude each other", hint="leave one out")
    number = chosen.fresh_order_no() if fresh else order_no or chosen.order_no
    settings = load_settings()
    place = f"{ingest_url(settings, url)}/in/{source or chosen.source}"
    answered = post_sample(settings, chosen, to=place, order_no=number, source=source or chosen.source)
    asked = {"sample": chosen.name, "sent_to": place, "order_no": number}
    sent = {**asked, "status": answered.status, "answer": answered.text}
    print_json(sent) if as_json else print_fields(sent)
    if not answered.taken:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the source answered; `taken`: it said yes in its contract's own words."""

    status: int
    text: str
    taken: bool


def post_sample(settings: Settings, sample: Sample, *, to: str, order_no: str, source: str) -> Answered:
    """Send it as its platform would; raises ServiceUnavailable when nobody answers."""
    body = sample.body if order_no == sample.order_no else sample.with_order_no(order_no)
    sources = configured_sources(settings.sources)
    known = known_name("source", source, sources)
    call = _call(sources[known].verification, sample, body, to=to)
    status, answer = http_call.call(
        "POST", call.url, headers=call.headers, body=call.body, timeout_seconds=TIMEOUT_SECONDS
    )
    verdict = OUTBOUND[sample.source].judge(Answer(status, {}, answer))
    return Answered(status, answer.decode(errors="replace"), isinstance(verdict, Understood))


def _call(verification: VerificationSettings, sample: Sample, body: bytes, *, to: str) -> Call:
    """With the contract's own path, form and proof; under a generic scheme with that scheme's headers."""
    call = Call(to, {"content-type": "application/json"}, body)
    caller = CALLERS.get(sample.source)
    if caller is not None:
        secret = verification.secrets[0].get_secret_value() if verification.scheme == "dialect" else ""
        call = caller.call(body, url=to + caller.path, secret=secret, now=datetime.now(UTC))
    return replace(call, headers={**call.headers, **proof(verification, call.body)})


def ingest_url(settings: Settings, url: str | None) -> str:
    """The address of ingest: the given one, else that of the `up` that runs here, else that of the settings."""
    if url:
        return url.rstrip("/")
    running = read_running(settings.data_dir)
    return running.ingest if running else address(settings.ingest.host, settings.ingest.port)


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json([sample.model_dump(include={"name", "source", "kind", "order_no", "what"}) for sample in samples()])
    else:
        print_table(
            ["name", "source", "kind", "what"],
            [[sample.name, sample.source, sample.kind, sample.what] for sample in samples()],
        )
