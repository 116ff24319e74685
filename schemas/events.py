"""Canonical events: what happened to an order, in our words, whichever party said it.

Text is kept as received, in all fields whose values no document closes: codes unknown to us are opaque
strings, and what we have no field for is kept in `extra` (contracts/README.md, "Rules that hold for all five", 1).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from schemas.topics import EventType

TICKETED_STATUS = 2
"""`orderStatus` of an issued order (atlas-order-ticketed.md, "Fields")."""


class Word(BaseModel):
    """Immutable, and closed: a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Passenger(Word):
    """A passenger and what was issued to them. `kind`: adult, child, infant, or the party's own unknown code."""

    name: str
    kind: str = ""
    birthday: str = ""
    gender: str = ""
    document_number: str = ""
    document_type: str = ""
    document_issued_by: str = ""
    document_expires: str = ""
    nationality: str = ""
    ticket_numbers: tuple[str, ...] = ()
    pnrs: tuple[str, ...] = ()
    ancillaries: tuple[JsonValue, ...] = ()
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class OrderTicketed(Word):
    """All tickets of an order, whole. `customer` is the account at the supplier, not a person.

    `final`: the contract it came by takes the first success for good; what is said of the order later changes nothing.
    """

    type: Literal[EventType.TICKETED] = EventType.TICKETED
    order_no: str
    customer: str = ""
    order_status: int
    passengers: tuple[Passenger, ...]
    final: bool = False
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class OrderVoid(Word):
    """One status of one void case. `message` is for people: never decide by it."""

    type: Literal[EventType.VOID] = EventType.VOID
    order_no: str
    customer: str = ""
    void_code: str
    void_status: int
    message: str = ""
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class OrderRejected(Word):
    """The order will not be ticketed. `reason` is for people, `code` the party's own."""

    type: Literal[EventType.REJECTED] = EventType.REJECTED
    order_no: str
    customer: str = ""
    reason: str = ""
    code: str = ""
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class OrderChanged(Word):
    """A change of an issued order; `document_no` is the change's own number at the party."""

    type: Literal[EventType.CHANGED] = EventType.CHANGED
    order_no: str
    customer: str = ""
    document_no: str
    passengers: tuple[Passenger, ...] = ()
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class OrderRefunded(Word):
    """A refund of an issued order; `document_no` is the refund's own number at the party."""

    type: Literal[EventType.REFUNDED] = EventType.REFUNDED
    order_no: str
    customer: str = ""
    document_no: str
    passengers: tuple[Passenger, ...] = ()
    extra: dict[str, JsonValue] = Field(default_factory=dict)


AnyEvent = OrderTicketed | OrderVoid | OrderRejected | OrderChanged | OrderRefunded
EventContent = Annotated[AnyEvent, Field(discriminator="type")]
EVENT_CONTENT: TypeAdapter[AnyEvent] = TypeAdapter(EventContent)
