"""What every party must keep to, whoever it is: the one suite that each passes with golden samples of its own.

`tests/samples/<party>/party.json` names the samples; adding a party is its folder, its samples and its line in
dialects/registry.py.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from dialects.contract import (
    Accepted,
    Answer,
    Call,
    CallbackToWrite,
    Declined,
    Inbound,
    InboundRequest,
    Malformed,
    MissingContext,
    NotDeliverable,
    Outbound,
    Refused,
    RefusedForGood,
    Understood,
    Unreadable,
)
from dialects.json_reply import CODES
from schemas.events import EVENT_CONTENT, AnyEvent
from schemas.raw_event import RawEvent, from_record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICKETED = {
    "type": "order.ticketed",
    "order_no": "TESTL20230922153224323",
    "customer": "XXXXXXX",
    "order_status": 2,
    "passengers": [
        {
            "name": name,
            "kind": kind,
            "birthday": birthday,
            "gender": gender,
            "document_number": number,
            "document_type": "PP",
            "document_issued_by": "CN",
            "document_expires": "20400101",
            "nationality": "CN",
            "ticket_numbers": ["S30814"],
            "pnrs": ["S30814"],
        }
        for name, kind, birthday, gender, number in (
            ("zhang/lisi", "child", "20160202", "F", "123458"),
            ("li/si", "adult", "19920202", "F", "123457"),
            ("zhang/san", "adult", "19910101", "M", "123456"),
        )
    ],
}
EVENTS: Mapping[str, Mapping[str, Any]] = {
    "order.ticketed": TICKETED,
    "order.void": {"type": "order.void", "order_no": "A1", "void_code": "V-1", "void_status": 2, "message": "m"},
    "order.rejected": {"type": "order.rejected", "order_no": "A1", "reason": "Flight sold out"},
    "order.changed": {"type": "order.changed", "order_no": "A1", "document_no": "C1"},
    "order.refunded": {"type": "order.refunded", "order_no": "A1", "document_no": "R1"},
}
RUBBISH = (b"", b"x", b"[]", b"null", b"{}", b"\xff\xfe", b'{"a":' * 2000, b'{"type": "\\u0000"}', b"a=b&a=c", b"%%%")


@dataclass(frozen=True, slots=True)
class Samples:
    """The golden samples of one party."""

    folder: Path
    named: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path) -> "Samples":
        return cls(folder, json.loads((folder / "party.json").read_text()))

    def inbound(self) -> Iterator[tuple[Mapping[str, Any], InboundRequest]]:
        for sample in self.named.get("inbound", []):
            body = (self.folder / sample["file"]).read_bytes()
            if "form" in sample:
                body = urlencode({**sample["with"], sample["form"]: body.decode()}).encode()
            yield sample, request(body)

    @property
    def outbound(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.named["outbound"]
        return found

    def context(self) -> dict[str, Any] | None:
        name = self.outbound.get("context")
        return None if name is None else json.loads((self.folder / name).read_text())

    def answers(self, kind: str) -> Iterator[Answer]:
        for sample in self.outbound[kind]:
            body = (self.folder / sample["file"]).read_bytes() if "file" in sample else sample["body"].encode()
            yield Answer(sample["status"], {"content-type": "application/json"}, body)


def request(body: bytes) -> InboundRequest:
    return InboundRequest("POST", "", "", {}, body, NOW)


def raw_event(party: str, asked: InboundRequest, *, event_type: str, order_no: str) -> RawEvent:
    """The event as a processor would have it: written to Kafka's form and read back."""
    event = RawEvent(
        UUID(int=1), "source", event_type, NOW, party, order_no, asked.body, path=asked.path, query=asked.query
    )
    return from_record(key=event.key, value=event.body, headers=list(event.to_headers()))


def callback(event: Mapping[str, Any], samples: Samples, *, context: dict[str, Any] | None) -> CallbackToWrite:
    content: AnyEvent = EVENT_CONTENT.validate_python(event)
    return CallbackToWrite(
        callback_id=UUID(int=7),
        attempt=1,
        source="source",
        order_no=content.order_no,
        event_time=NOW,
        content=content,
        change={"before": {}, "after": {}},
        context=context,
        url="http://127.0.0.1:1/there",
        credentials=samples.outbound["credentials"],
        now=NOW,
    )


def check_reads_its_samples(party: Inbound, samples: Samples) -> None:
    """Peek and read agree on what ingest routed by; the same words have the same digest, other words another."""
    digests = set()
    for sample, asked in samples.inbound():
        peeked = party.peek(asked)
        assert (peeked.type, peeked.order_no) == (sample["type"], sample["order_no"])
        raw = raw_event(party.name, asked, event_type=peeked.type, order_no=peeked.order_no)
        read = party.read(raw)
        assert (read.content.type, read.content.order_no) == (sample["type"], sample["order_no"])
        assert party.read(raw) == read
        assert EVENT_CONTENT.validate_python(json.loads(read.content.model_dump_json())) == read.content
        digests.add((sample["file"].split("-")[0], read.digest))
    assert len(digests) >= len({sample["file"].split("-")[0] for sample, _ in samples.inbound()})


def check_answers_anything(party: Inbound, samples: Samples) -> None:
    """Whatever comes, the party's own words go back: never an exception, never a status of our making."""
    asked = [None, *(known for _, known in samples.inbound()), *(request(body) for body in RUBBISH)]
    for seen in asked:
        accepted = party.reply(Accepted(), seen)
        assert 200 <= accepted.status < 300
        assert party.reply(Accepted(), seen) == accepted, "a repeat must be answered alike"
        for status in CODES:
            wait = 2 if status in (429, 503) else None
            reply = party.reply(Declined(status, "what was wrong", wait), seen)
            assert reply.status < 500 or status >= 500
            assert reply.body != accepted.body, f"a refusal ({status}) reads as a yes"
            assert "Traceback" not in reply.body.decode()


def check_survives_rubbish(party: Inbound, samples: Samples) -> None:
    """Peek raises only Malformed, read only Unreadable."""
    del samples
    for body in RUBBISH:
        with contextlib.suppress(Malformed):
            party.peek(request(body))
        with contextlib.suppress(Unreadable):
            party.read(raw_event(party.name, request(body), event_type="order.ticketed", order_no="A1"))


def check_writes_its_events(party: Outbound, samples: Samples) -> None:
    """Each event with a wire form is written, and the same attempt is written alike; another has none, and says so."""
    context = samples.context()
    assert party.check_credentials(samples.outbound["credentials"]) == []
    assert context is None or party.check_context(context) == []
    for event_type, event in EVENTS.items():
        written = party.write(callback(event, samples, context=context))
        if event_type in samples.outbound["writes"]:
            assert isinstance(written, Call), f"{event_type}: {written}"
            assert party.write(callback(event, samples, context=context)) == written
            assert written.url == "http://127.0.0.1:1/there"
            assert list(written.headers) == [name.lower() for name in written.headers]
        else:
            assert isinstance(written, NotDeliverable), f"{event_type}: {written}"
    assert set(samples.outbound["writes"]) <= party.event_types


def check_asks_for_what_it_lacks(party: Outbound, samples: Samples) -> None:
    """Without the order's context the callback waits, and says for which fields; an empty one is refused."""
    written = party.write(callback(TICKETED, samples, context=None))
    if not party.takes_context:
        assert isinstance(written, Call)
        assert not party.only_named
        return
    assert isinstance(written, MissingContext)
    assert written.fields
    assert party.check_context({})
    again = callback(TICKETED, samples, context=samples.context())._replace(delivered_before=True)
    assert isinstance(party.write(again), Call | NotDeliverable)


def check_judges(party: Outbound, samples: Samples) -> None:
    """Only the partner's own yes is a yes, and no answer raises."""
    for answer in samples.answers("yes"):
        assert party.judge(answer) == Understood()
    for answer in samples.answers("no"):
        assert isinstance(party.judge(answer), Refused | RefusedForGood)
    for body in RUBBISH:
        for status in (100, 200, 204, 301, 404, 500, 599):
            assert isinstance(party.judge(Answer(status, {}, body)), Understood | Refused | RefusedForGood)
    assert all(name == name.lower() for name in party.private_fields)


INBOUND_CHECKS = (check_reads_its_samples, check_answers_anything, check_survives_rubbish)
OUTBOUND_CHECKS = (check_writes_its_events, check_asks_for_what_it_lacks, check_judges)
