"""The pure functions of a party, given anything: nothing is raised but what their contract names."""

import random
from datetime import UTC, datetime
from uuid import UUID

from dialects.contract import Accepted, Declined, InboundRequest, Malformed, NotAuthentic, Unreadable
from dialects.registry import INBOUND
from ingest.sources import load_sources
from runtime.settings import SourceSettings
from schemas.raw_event import RawEvent, from_record
from tests.hostile import mutate
from tests.hostile.parties import Party, sources, spoilt

_SOURCES = load_sources({name: SourceSettings.model_validate(source) for name, source in sources().items()})
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def drawn(chance: random.Random, party: Party) -> InboundRequest:
    """A call of this party: a spoilt document, or spoilt bytes, with or without its proof."""
    body, media = chance.choice((party.call, party.proven))(spoilt(chance, party))
    if chance.random() < 0.2:
        body = mutate.text(chance, body)
    query = chance.choice(("", "", "", "format=json", "a=1&a=2", "%ff=%00", "\xff=\xed", body[:200].decode("latin-1")))
    headers = {"content-type": chance.choice((media, media, "", "text/plain", "\xff"))}
    path = chance.choice((party.path, party.path, "", "/", "/x"))
    return InboundRequest("POST", path, query, headers, body, _NOW)


def problem(party: Party, request: InboundRequest) -> str | None:
    """What a party's functions did that their contract does not allow, or None."""
    try:
        return _verified(party, request) or _read(party, request)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {error}"


def _verified(party: Party, request: InboundRequest) -> str | None:
    for name in (party.name, f"{party.name}-proven"):
        try:
            INBOUND[party.name].verify(request, _SOURCES[name].verification)
        except NotAuthentic as refused:
            wrong = _answered(party, Declined(401, str(refused)), request)
            if wrong is not None:
                return wrong
    return None


def _read(party: Party, request: InboundRequest) -> str | None:
    """Peek, answer, and read what was accepted as a processor would: from Kafka's form."""
    dialect = INBOUND[party.name]
    try:
        peeked = dialect.peek(request)
    except Malformed as refused:
        return _answered(party, Declined(400, str(refused)), request)
    raw = RawEvent(
        *(UUID(int=1), party.name, peeked.type, _NOW, party.name, peeked.order_no, request.body),
        path=request.path,
        query=request.query,
    )
    try:
        stored = from_record(key=raw.key, value=raw.body, headers=list(raw.to_headers()))
        content = dialect.read(stored).content
    except Unreadable:
        return _answered(party, Accepted(), request)
    if (str(content.type), content.order_no) != (peeked.type, peeked.order_no):
        return f"peeked {peeked}, read {content.type} of {content.order_no!r}"
    content.model_dump_json()
    return _answered(party, Accepted(), request)


def _answered(party: Party, outcome: Accepted | Declined, request: InboundRequest) -> str | None:
    reply = INBOUND[party.name].reply(outcome, request)
    return party.form.problem(reply.status, reply.content_type, reply.body)
