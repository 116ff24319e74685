"""What this party needs of an endpoint's credentials and of an order's context, checked field by field.

Context fields have the contract's own names: a context is the part of `confirm_book_r_q` that a supplier's event does
not carry (fliggy-ship-order-notify.md, "Fields").
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

_LONG = 2**63 - 1
"""Numbers of the contract are 64-bit integers ("Beyond the document", "Nesting")."""

_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text_as_number(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value, re.ASCII) else value


def _date_time(value: object) -> object:
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise ValueError("is not of the form yyyy-MM-dd HH:mm:ss")
    try:
        datetime.strptime(value + "+0800", "%Y-%m-%d %H:%M:%S%z")
    except ValueError:
        raise ValueError("is no date and time") from None
    return value


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Id = Annotated[Text, BeforeValidator(_number_as_text)]
Number = Annotated[int, Field(ge=0, le=_LONG), BeforeValidator(_text_as_number)]
Fen = Annotated[int, Field(ge=0, le=_LONG)]
TicketType = Literal["1", "2", "3", "4"]
TicketSubType = Literal["11", "12", "21", "31"]
TicketNumberField = Literal["e_ticket_no", "ticket_no", "both"]


class _Given(BaseModel):
    """Closed: a misspelt field is an error. Errors and representations hold no value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Credentials(_Given):
    """An endpoint's credentials and partner settings (inconsistencies 6, 9, 11, 12, 13)."""

    app_key: Text
    secret: Text = Field(repr=False)
    session: Text | None = Field(None, repr=False)
    sign_method: Literal["md5", "hmac", "hmac-sha256"] = "hmac-sha256"
    format: Literal["json", "xml"] = "json"
    ticket_type: TicketType = "4"
    ticket_sub_type: TicketSubType | None = None
    ticket_number_field: TicketNumberField = "e_ticket_no"
    passenger_cert_types: dict[str, Text] | None = None
    failed_codes: dict[str, Text] = Field(default_factory=dict)


class TicketContext(_Given):
    """One ticket element, but for its number and status."""

    ticket_id: Id
    ticket_price: Fen
    ticket_type: TicketType | None = None
    ticket_sub_type: TicketSubType | None = None
    ticket_title: Text | None = None
    ticket_desc: Text | None = None
    ticket_seat_no: Text | None = None
    ticket_pwd: Text | None = Field(None, repr=False)
    expire_time: Annotated[str | None, BeforeValidator(_date_time)] = None
    ext_attr: dict[str, JsonValue] | None = None


def _some(tickets: tuple[TicketContext, ...]) -> tuple[TicketContext, ...]:
    if not tickets:
        raise ValueError("is empty")
    return tickets


class PassengerContext(_Given):
    """One passenger as the platform knows them, found in the event by document number or name."""

    passenger_name: Text | None = None
    passenger_cert_no: Id | None = Field(None, repr=False)
    passenger_cert_type: Id | None = None
    passenger_id: Id | None = None
    ticket_list: Annotated[tuple[TicketContext, ...], Field(strict=False), AfterValidator(_some)]

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.passenger_name is None and self.passenger_cert_no is None:
            raise ValueError("needs passenger_name or passenger_cert_no, to be found in the event")
        return self


class OrderContext(_Given):
    """The order as the platform knows it. Passengers are needed once it is ticketed, not for a rejection."""

    alitrip_order_id: Id
    agent_order_id: Id
    main_biz_order_id: Number | None = None
    total_price: Fen | None = None
    fetch_tickets_address: Text | None = None
    fetch_tickets_number: Text | None = None
    fetch_tickets_pwd: Text | None = Field(None, repr=False)
    message: Text | None = None
    ticket_wicket: Text | None = None
    order_attr: dict[str, JsonValue] | None = None
    passenger_list: Annotated[tuple[PassengerContext, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _each_ticket_once(self) -> Self:
        # ticket_id tells the tickets apart later on ("Beyond the document", "Nesting")
        ids = [ticket.ticket_id for passenger in self.passenger_list for ticket in passenger.ticket_list]
        if len(ids) != len(set(ids)):
            raise ValueError("two tickets have the same ticket_id")
        return self


def check_credentials(credentials: Mapping[str, Any]) -> list[str]:
    """A sentence for each wrong field."""
    return _wrong(Credentials, credentials, "credentials")


def check_context(context: Mapping[str, Any]) -> list[str]:
    """A sentence for each wrong field."""
    return _wrong(OrderContext, context, "context")


def _wrong(model: type[BaseModel], given: Mapping[str, Any], whole: str) -> list[str]:
    try:
        model.model_validate(dict(given))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        return [f"{_place(whole, problem['loc'])}: {problem['msg']}" for problem in found]
    return []


def _place(whole: str, location: tuple[int | str, ...]) -> str:
    return whole + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
