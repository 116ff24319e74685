"""What a `ticket_order` needs and a ticketing event does not carry: accounting's part of it.

Names are the wire's own (datacentre-ticket-order.md, "Fields"). The document marks nothing as required; required here
is what nobody but the seller knows: amounts above all, since a `"0"` must be a real zero (inconsistency 19). What has a
value for "none" may be left out.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from dialects.datacentre.context_words import Airport, Amount, Date, Given, Text, Time, TypeCode

DOCUMENTS = "documents"


class Named(Given):
    id: Text
    name: Text


class ForeignCurrency(Given):
    amount: Amount
    Category: Text


class Segment(Given):
    """`number_of_place`: left out, as many as travel without infants."""

    flight_number: Text
    space: Text
    departure_place_code: Airport
    arrival_place_code: Airport
    departure_time: Time
    arrival_time: Time
    departure_terminal: str = ""
    arrival_terminal: str = ""
    number_of_place: Amount | None = None


class Price(Given):
    """`number_of_people`: left out, as many as there are of this type."""

    type: Literal["1", "2", "3"]
    pay_amount: Amount
    tax: Amount
    discount: Amount
    rebates: Amount
    return_money: Amount
    after_rebates: Amount
    after_return_money: Amount
    number_of_people: Amount | None = None
    ticket_price: Amount
    issue_fare: Amount
    after_issue_fare: Amount
    pay_price: Amount
    total_amount: Amount
    agent_fee: Amount
    adjust_fee: Amount
    cost: Amount
    handling_cost: Amount
    zvalue: Amount


class Pnr(Given):
    """`passengers`: names; left out, those who hold this locator, or all when the order has one locator.

    `big_code`: left out, the one locator that these passengers have.
    """

    code: Text
    type: Literal["1", "2"]
    body: str = ""
    big_code: str | None = None
    passengers: list[Text] = Field(default_factory=list)
    segment: Annotated[list[Segment], Field(min_length=1)]
    price: Annotated[list[Price], Field(min_length=1)]


class Traveller(Given):
    """What the seller knows better of the passenger of this `name`; `document` tells namesakes apart.

    For an event that names no passengers, these are its passengers.
    """

    name: Text
    document: Text | None = None
    gender: Literal["女", "男"] | None = None
    certificate_type: Literal["身份证", "护照"] | None = None
    certificate_number: Text | None = None
    issuing_country: Text | None = None
    period_of_validity: Date | None = None
    nationality: Text | None = None
    birthday: Date | None = None
    ticket_numbers: list[Text] | None = None


class Document(Given):
    """Accounting's part of one document: the ticketing order, or a change, refund or void of it."""

    client_order_id: Text | None = None
    title: str = ""
    type: TypeCode
    customer: Named
    creator: Named
    create_time: Time
    issue_time: Time | None = None
    supplier_id: Text
    supplier_name: Text
    supplier_type: Literal["1", "2"]
    gross_profit: Amount
    capital_account_id: Text
    capital_account_name: Text
    offer: Amount
    payment_amount: Amount
    return_amount: Amount
    adjust_amount: Amount
    supplier_order: str = ""
    adjust_price_remark: str = ""
    desk_issue_time: Time | None = None
    foreign_currency_json: ForeignCurrency | None = None
    issue_receivable: Amount
    issue_payable: Amount
    sales: Named
    issuer: Named
    pnr: Annotated[list[Pnr], Field(min_length=1)]
    passenger: list[Traveller] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_element_for_each_code_and_type(self) -> Self:
        """Inconsistency 28."""
        seen = [(pnr.code, pnr.type) for pnr in self.pnr]
        if len(set(seen)) < len(seen):
            raise ValueError("pnr: the same code and type stand twice")
        return self


def complaints(context: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field; empty when the context will do. Values are not repeated: some are personal."""
    wrong = _wrong(_without_documents(context), prefix="")
    documents = context.get(DOCUMENTS, {})
    if not isinstance(documents, dict) or not all(isinstance(one, dict) for one in documents.values()):
        return wrong | {DOCUMENTS: "must be an object of objects, by document number"}
    if wrong:
        return wrong  # each of its documents would only repeat it
    for number in documents:
        wrong |= _wrong(merged(context, number), prefix=f"{DOCUMENTS}[{number[:60]!r}].")
    return wrong


def merged(context: Mapping[str, Any], document_no: str | None) -> dict[str, Any]:
    """The ticketing order's part; for another document, which must be among `documents`, with its own word first."""
    own = {} if document_no is None else context.get(DOCUMENTS, {})[document_no]
    return _without_documents(context) | own


def _without_documents(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in context.items() if name != DOCUMENTS}


def _wrong(document: Mapping[str, Any], *, prefix: str) -> dict[str, str]:
    try:
        Document.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return {prefix + _field(wrong["loc"]): wrong["msg"].removeprefix("Value error, ") for wrong in found}
    return {}


def _field(steps: tuple[int | str, ...]) -> str:
    """`pnr[0].segment[0].space`, as the document writes it."""
    name = ""
    for step in steps:
        name += f"[{step}]" if isinstance(step, int) else f".{step}"
    return name.removeprefix(".") or "pnr"
