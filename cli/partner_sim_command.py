"""ticketwire partner-sim: the partners' own side of their contracts, to call and to be refused by."""

import asyncio
import json
import secrets
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from cli.names import known_name
from cli.partner_manners import MANNERS, ordered
from cli.partner_server import PartnerServer, Visit
from cli.talk import Json, print_table, say
from dialects.registry import PARTNERS
from runtime.errors import InvalidRequest
from runtime.service import stop_signals

_LAST_PORT = 65535


def register(app: typer.Typer) -> None:
    """Add the command, whose help lists the manners there are."""
    manners = "\n    ".join(f"{name:<16}  {manner.what}" for name, manner in MANNERS.items())
    partner_sim.__doc__ = (partner_sim.__doc__ or "").replace("{manners}", manners)
    app.command("partner-sim", rich_help_panel="Start here")(partner_sim)


def partner_sim(
    parties: Annotated[list[str] | None, typer.Argument(help="Which ones. Default: all.", metavar="[PARTY…]")] = None,
    *,
    port: Annotated[int, typer.Option(help="Port of the first; the others follow. 0: free ones.", min=0)] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    secret: Annotated[
        str | None, typer.Option(help="What the credentials are made of. Default: a new one each time.")
    ] = None,
    credentials: Annotated[
        list[str] | None,
        typer.Option(help='PARTY={JSON}: these credentials instead; for the standard one, {"secrets": ["whsec_…"]}.'),
    ] = None,
    fail: Annotated[int, typer.Option(help="Answer HTTP 503 so many times first.", min=0)] = 0,
    misbehave: Annotated[
        list[str] | None, typer.Option(help="[PARTY=]MANNER[:TIMES]; several follow each other.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Be the partners: real HTTP servers that check each call as strictly as the contract does, and answer in its form.

    It prints each party's address and credentials, for `ticketwire endpoint create`, and then a line for each call with
    the party's verdict. What a party accepted it remembers until it is stopped: repeats and conflicts are treated as
    its contract says. Remarks are on what the contract allows, but a careful caller would not send.

    \b
    ticketwire partner-sim
    ticketwire partner-sim --port 9100 --secret s3cret --misbehave refuse:3
    ticketwire partner-sim --fail 2 --misbehave time-out:1 --json

    --misbehave orders MANNER for so many calls, or for ever; without PARTY of every party. What was not done is not
    remembered, what was done and badly answered is.

    \b
    {manners}
    """
    chosen = [known_name("party", name, PARTNERS) for name in parties or PARTNERS]
    plan = [ordered(f"fail:{fail}")] if fail else []
    plan += [ordered(text) for text in misbehave or ()]
    for order in plan:
        if order.party:
            known_name("party", order.party, chosen)
    if port and port + len(chosen) - 1 > _LAST_PORT:
        raise InvalidRequest(f"there are no {len(chosen)} ports from {port} on", hint="choose a lower --port")
    own = dict(_given(text) for text in credentials or ())
    servers = [
        PartnerServer(
            PARTNERS[name],
            secret=secret or secrets.token_hex(16),
            credentials=own.get(name),
            misbehave=plan,
            host=host,
            port=port + place if port else 0,
            told=_print_json if as_json else _print,
        )
        for place, name in enumerate(chosen)
    ]
    asyncio.run(_serve(servers, as_json=as_json))


async def _serve(servers: list[PartnerServer], *, as_json: bool) -> None:
    """Until a stop signal."""
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server)
        places = [{"party": s.partner.name, "url": s.url, "credentials": s.credentials} for s in servers]
        if as_json:
            _print_line({"listening": places})
        else:
            rows = [[place["party"], place["url"], json.dumps(place["credentials"])] for place in places]
            print_table(["party", "address", "credentials"], rows)
        say("ready; Ctrl-C stops everything")
        with stop_signals() as stopped:
            await stopped.wait()


def _given(text: str) -> tuple[str, dict[str, object]]:
    party, found, written = text.partition("=")
    try:
        given = json.loads(written) if found else None
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InvalidRequest("--credentials is not of the form PARTY={JSON object}", hint="see --help")
    return known_name("party", party, PARTNERS), given


def _print(visit: Visit) -> None:
    words = [visit.party, visit.order or "-", visit.verdict]
    words += [f"({visit.manner})"] if visit.manner else []
    words += [f"remark: {remark}" for remark in visit.remarks]
    print("  ".join(words), flush=True)


def _print_json(visit: Visit) -> None:
    _print_line(visit.brief())


def _print_line(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False), flush=True)
