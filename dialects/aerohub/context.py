"""What `update_order` needs and a supplier's webhook does not carry: AeroHub's order number and the flights.

Names are the wire's own (aerohub-update-order.md, "Fields"), so that an error names what the document names.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _airport(text: str) -> str:
    if re.fullmatch(r"[A-Z]{3}", text) is None:
        raise ValueError("is no three-letter airport code in capitals")
    return text


Text = Annotated[str, AfterValidator(_not_blank)]
Airport = Annotated[str, AfterValidator(_airport)]
EpochSeconds = Annotated[int, Field(ge=1_000_000_000, le=9_999_999_999)]
"""Ten digits (inconsistency 9)."""


class Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Segment(Given):
    """One flight and its place in the journey; a third direction has no wire form (inconsistency 10)."""

    flightNumber: Text  # noqa: N815
    segmentNo: Literal[1, 2]  # noqa: N815
    sequence: Annotated[int, Field(ge=1)]
    depAirport: Airport  # noqa: N815
    arrAirport: Airport  # noqa: N815
    ticketingTime: EpochSeconds | None = None  # noqa: N815


class FlightTicket(Given):
    """Which of several ticket numbers and locators belong to one flight of a passenger."""

    segmentNo: Literal[1, 2]  # noqa: N815
    sequence: Annotated[int, Field(ge=1)]
    ticketNo: Text | None = None  # noqa: N815
    pnrCode: Text | None = None  # noqa: N815


class Traveller(Given):
    """What the seller knows better of the passenger of this `name`; `document` tells namesakes apart."""

    name: Text
    document: Text | None = None
    passengerName: Text | None = None  # noqa: N815
    cardNo: Text | None = None  # noqa: N815
    tickets: list[FlightTicket] = Field(default_factory=list)


class Context(Given):
    """An order's context for this party."""

    purchaseOrderNo: Text  # noqa: N815
    segments: Annotated[list[Segment], Field(min_length=1)]
    ticketingTime: EpochSeconds | None = None  # noqa: N815
    contactName: str = ""  # noqa: N815
    contactEmail: str = ""  # noqa: N815
    contactMobile: str = ""  # noqa: N815
    passengers: list[Traveller] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_direction_counts_from_one(self) -> Self:
        for direction in (1, 2):
            found = sorted(segment.sequence for segment in self.segments if segment.segmentNo == direction)
            if found != list(range(1, len(found) + 1)) or (direction == 1 and not found):
                raise ValueError(
                    f"segments: the sequence of segmentNo {direction} must be 1, 2, … without gap or repeat"
                )
        return self


def complaints(context: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field; empty when the context will do. Values are not repeated: some are personal."""
    try:
        Context.model_validate(context)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return {_field(wrong["loc"]): wrong["msg"].removeprefix("Value error, ") for wrong in found}
    return {}


def _field(steps: tuple[int | str, ...]) -> str:
    """`segments[0].depAirport`, as the document writes it."""
    name = ""
    for step in steps:
        name += f"[{step}]" if isinstance(step, int) else f".{step}"
    return name.removeprefix(".") or "segments"
