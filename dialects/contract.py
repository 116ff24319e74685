"""What a party provides. Every function is pure: no clock, no network, no state; time and randomness are arguments.

A party that only receives (or only sends) implements one half: `Inbound` or `Outbound`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from runtime.settings import VerificationSettings
from schemas.events import EventContent
from schemas.raw_event import RawEvent

# --- incoming ---------------------------------------------------------------------------------------------------------


class InboundRequest(NamedTuple):
    """A webhook as it came. Header names are lower case; `path` is what follows `/in/{source}`."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class Proof(NamedTuple):
    """What showed that a request comes from its source: the scheme, and which of the live secrets, from 1; 0: none was
    asked for. Its text is kept with the event: `hmac/1`, `none`."""

    scheme: str
    secret: int = 0

    def __str__(self) -> str:
        return f"{self.scheme}/{self.secret}" if self.secret else self.scheme


class Peeked(NamedTuple):
    """As much as ingest needs to know: the canonical type (or the party's own unknown word) and the order number."""

    type: str
    order_no: str


class Malformed(ValueError):
    """The request is not what the contract asks for: answered 400 in the party's own form."""


class UnknownPath(Malformed):
    """The contract has no such path below the source: answered 404."""


class UnsupportedMedia(Malformed):
    """The contract does not allow this content type: answered 415."""


class NotAuthentic(ValueError):
    """The request is not proven to come from the source. The text is for our log; it holds no secret."""


class Unreadable(ValueError):
    """A stored body cannot be read as an event: it is parked. `reason` is a stable code."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class ReadEvent(NamedTuple):
    """The canonical event and the digest of what identifies it (contracts/README.md, "Idempotency key")."""

    content: EventContent
    digest: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in the party's own form."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Kafka has the event."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Not taken. `status` is HTTP's; `text` says what was wrong with the value seen, for the caller."""

    status: int
    text: str
    retry_after_seconds: int | None = None


class Inbound(Protocol):
    """A party whose webhooks come in."""

    name: str
    signed_headers: frozenset[str]
    """Request headers (lower case) that verification reads: kept with the event, so that it can be verified anew."""

    def verify(self, request: InboundRequest, verification: VerificationSettings) -> Proof:
        """How the request proves its source, at the time `request.received_at`; raises NotAuthentic if it does not."""

    def wrong_settings(self, verification: VerificationSettings) -> str | None:
        """Why a source with these settings could never let a request in (or would let all in); None: they will do."""

    def peek(self, request: InboundRequest) -> Peeked:
        """Find type and order number; raise Malformed, naming the field, or a more special kind of it.

        A party whose contract answers with a verdict on the content checks all of it here, so that the caller hears of
        it; another reads no more than it must.
        """

    def read(self, raw: RawEvent) -> ReadEvent:
        """Read the stored body; raise Unreadable, and nothing else."""

    def reply(self, outcome: Accepted | Declined, request: InboundRequest | None) -> Reply:
        """Say the outcome as the contract does; `request` is None when it was declined before its body was read.

        A repeat of an accepted request gets the same answer, byte for byte: it may be compared.
        """


# --- outgoing ---------------------------------------------------------------------------------------------------------


class CallbackToWrite(NamedTuple):
    """All that a dialect may know of one callback and one attempt of it.

    `change` is the journal's entry {"before": …, "after": …}; `context` what the seller stored for this order and
    party, or None; `credentials` the endpoint's decrypted credentials.
    """

    callback_id: UUID
    attempt: int
    source: str
    order_no: str
    event_time: datetime
    content: EventContent
    change: Mapping[str, Any]
    context: Mapping[str, Any] | None
    url: str
    credentials: Mapping[str, Any]
    now: datetime
    replay: bool = False
    delivered_before: bool = False
    """whether the partner has said yes to an earlier callback of this order"""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, ready to be sent. Header names are lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class NotDeliverable:
    """This event has no wire form in this dialect, or the mapping failed: a person must look."""

    reason: str


@dataclass(frozen=True, slots=True)
class MissingContext:
    """The order's context lacks these fields for this party: the callback waits for them."""

    fields: tuple[str, ...]


class Answer(NamedTuple):
    """What the partner answered. `body` is capped; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Understood:
    """The partner said yes in its own words."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The partner said no, for now: tried again by policy."""

    reason: str


@dataclass(frozen=True, slots=True)
class RefusedForGood:
    """The partner said no for ever: trying again cannot help, a person must look."""

    reason: str


Verdict = Understood | Refused | RefusedForGood


class Outbound(Protocol):
    """A party that is told."""

    name: str
    event_types: frozenset[str]
    """Canonical types that have a wire form here."""
    takes_context: bool
    """Whether calls depend on the order's context, or on what was delivered of the order before."""
    only_named: bool
    """Whether an endpoint hears only of orders whose context names this party (DESIGN §5)."""
    private_fields: frozenset[str]
    """Names (lower case) of fields in its calls and answers that hold personal data or secrets: kept masked only."""

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        """What is wrong with an order's context for this party, a sentence for each field; empty when it will do."""

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        """What is wrong with an endpoint's credentials, a sentence each; empty when they will do."""

    def write(self, callback: CallbackToWrite) -> Call | NotDeliverable | MissingContext:
        """Write the call for this attempt."""

    def judge(self, answer: Answer) -> Verdict:
        """Read the partner's verdict."""


# --- a party's own side -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What the party's own side makes of one call.

    `order` is the contract's key of it, as far as it could be read. `remarks` are departures from what the digest
    recommends to a strict writer, which the document itself does not forbid. `remember` is to be added to what is held
    before the next call is heard; it is empty for a refusal.
    """

    accepted: bool
    verdict: str
    reply: Reply
    order: str = ""
    remarks: tuple[str, ...] = ()
    remember: Mapping[str, str] = field(default_factory=dict)


class Partner(Protocol):
    """A party's own side as strict as its document, for the simulator: it must not share code with what it checks."""

    name: str
    path: str
    """Where the contract is called; ours where the document names no path."""

    def credentials(self, secret: str) -> Mapping[str, Any]:
        """An endpoint's credentials made of one secret: what the party would have given to the caller."""

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        """Check everything that the document asks for, against what was accepted before, and answer in its form."""

    def refuse(self, call: InboundRequest) -> Reply:
        """The contract's own refusal of whatever was sent, as the document's example words it."""


class Caller(Protocol):
    """Who calls a contract that is served here: for samples, sent as their own platform would send them."""

    name: str
    path: str
    """The documented path, below the source."""

    def call(self, content: bytes, *, url: str, secret: str, now: datetime) -> Call:
        """A call of this content with its contract's own proof; with an empty secret, as good as none."""
