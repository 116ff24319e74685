"""ticketwire order timeline …: all that happened to an order, read, kept as evidence, and the evidence checked."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.api_client import ApiClient, Url, open_api, segment
from cli.talk import Json, print_fields, print_json, print_table, say
from cli.timeline_words import words_of
from runtime.signing import is_signed
from schemas.timeline_chain import Broken, Intact, check_chain, signed_message

OrderNo = Annotated[str, typer.Argument(help="The order number in the source's words.", metavar="ORDER_NO")]
Source = Annotated[str | None, typer.Option(help="Needed when sources share the order number.")]
AsOf = Annotated[
    str | None,
    typer.Option(help="As of then: 2026-03-01T12:00:00Z, -2h, or an arrival's topic/partition/offset.", metavar="WHEN"),
]


def register(app: typer.Typer) -> None:
    app.command()(timeline)
    app.command("verify-timeline")(verify_timeline)
    app.command("timeline-keys")(timeline_keys)


def timeline(
    order_no: OrderNo,
    *,
    source: Source = None,
    as_of: AsOf = None,
    export: Annotated[
        Path | None, typer.Option(help="Write it to this file, chained by hashes and signed, for a dispute.")
    ] = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Everything that happened to one order, in order: operators' actions and runs, arrivals, events, changes, what is
    parked, callbacks and attempts. Personal data is masked.

    \b
    ticketwire order timeline TESTL20230922153224323 --as-of 2026-03-01T12:00:00Z
    ticketwire order timeline TESTL20230922153224323 --export evidence.jsonl
    ticketwire order verify-timeline evidence.jsonl
    """
    api = open_api(url)
    if export is not None:
        _export(api, order_no, export, source=source, as_of=as_of, as_json=as_json)
        return
    whole = _whole_timeline(api, order_no, source=source, as_of=as_of)
    if as_json:
        print_json(whole)
    else:
        print_table(["at", "kind", "what"], [[e["at"], e["kind"], words_of(e)] for e in whole["entries"]])


def verify_timeline(
    file: Annotated[Path, typer.Argument(help="What --export wrote.", exists=True, dir_okay=False)],
    key: Annotated[
        list[str] | None,
        typer.Option(help="A key that may have signed it, as the hub's people told you. More than one may be given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an exported timeline: each line follows from the one before, and the hub signed the last one. Needs no hub.

    Without --key it says which key signed, and you compare it with what the hub's people say: ticketwire order
    timeline-keys.
    """
    checked = check_chain(file.read_bytes().splitlines())
    if isinstance(checked, Intact):
        checked = _check_signature(checked, key or [])
    if isinstance(checked, Broken):
        if as_json:
            print_json({"intact": False, "line": checked.line, "reason": checked.text})
        else:
            say(f"broken at line {checked.line}: {checked.text}")
        raise typer.Exit(1)
    shown = {**checked.head, "entries": checked.entries, "hash": checked.hash, "signed_by": checked.key}
    if as_json:
        print_json({"intact": True, "key_given": bool(key), **shown})
        return
    print_fields(shown)
    if not key:
        say("intact, if that key is the hub's: compare it with `ticketwire order timeline-keys`, or give it with --key")


def timeline_keys(url: Url = None, as_json: Json = False) -> None:
    """The public keys by which this hub signs exported timelines: for whoever shall check one."""
    keys = open_api(url).get("/timeline-keys")
    if as_json:
        print_json(keys)
    else:
        print_table(["key", "signs"], [[key, number == 0] for number, key in enumerate(keys["keys"])])


def _check_signature(chain: Intact, keys: list[str]) -> Intact | Broken:
    last = chain.entries + 2
    if not is_signed(signed_message(chain.hash), key=chain.key, signature=chain.signature):
        return Broken(last, "the signature is not of this chain: it was computed anew by somebody without the key")
    if keys and chain.key not in keys:
        return Broken(last, f"it is signed by {chain.key}, which is none of the given keys")
    return chain


def _export(api: ApiClient, order_no: str, file: Path, *, source: str | None, as_of: str | None, as_json: bool) -> None:
    content = api.download(f"/orders/{segment(order_no)}/timeline", source=source, as_of=as_of, export="chain")
    file.write_bytes(content)
    entries = content.count(b"\n") - 2
    if as_json:
        print_json({"file": str(file), "entries": entries})
    else:
        say(f"{entries} entries written to {file}; check it with: ticketwire order verify-timeline {file}")


def _whole_timeline(api: ApiClient, order_no: str, *, source: str | None, as_of: str | None) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    cursor: str | None = None
    while not whole or cursor:
        page = api.get(f"/orders/{segment(order_no)}/timeline", source=source, as_of=as_of, cursor=cursor)
        whole = {**page, "entries": whole.get("entries", []) + page["entries"]}
        cursor = page["next_cursor"]
    return whole
