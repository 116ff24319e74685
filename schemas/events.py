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
    """All tickets of an order, whole. `customer` is the account at the supplier, not a person."""

    type: Literal[EventType.TICKETED] = EventType.TICKETED
    order_no: str
    customer: str = ""
    order_status: int
    passengers: tuple[Passenger, ...]
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


EventContent = Annotated[OrderTicketed | OrderVoid, Field(discriminator="type")]
EVENT_CONTENT: TypeAdapter[OrderTicketed | OrderVoid] = TypeAdapter(EventContent)
