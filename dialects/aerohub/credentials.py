"""An AeroHub endpoint's credentials, and what the document leaves to be agreed with the partner."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from schemas.events import OrderRejected

LISTED_REASONS = (
    "Incorrect information",
    "Withdraw before issuing",
    "Duplicate booking",
    "Fare change",
    "Flight sold out",
    "Ancillary not available",
    "Airline error",
    "Payment card error",
    "Automatic ticketing failed",
)
"""The document's texts "for reference", without the stray space (inconsistencies 4 and 5)."""


def _listed(text: str) -> str:
    if text not in LISTED_REASONS:
        raise ValueError(f"is none of: {'; '.join(LISTED_REASONS)}")
    return text


ListedReason = Annotated[str, AfterValidator(_listed)]


class Credentials(BaseModel):
    """`reasons` maps another party's code, or text, of a rejection to a listed text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    apiKey: Annotated[str, Field(min_length=1)]  # noqa: N815
    accountName: str = ""  # noqa: N815
    accountPass: str = ""  # noqa: N815
    same_request_id_on_retry: bool = False
    allow_long_card_no: bool = False
    default_reason: ListedReason = "Automatic ticketing failed"
    reasons: dict[str, ListedReason] = Field(default_factory=dict)

    def reason_for(self, event: OrderRejected) -> str:
        """One listed text: the event's own words if they are one, else by `reasons`, else the default."""
        said = event.reason.strip()
        for text in LISTED_REASONS:
            if text.casefold() == said.casefold():
                return text
        return self.reasons.get(event.code) or self.reasons.get(said) or self.default_reason


def check_credentials(credentials: Mapping[str, Any]) -> list[str]:
    """What is wrong, a sentence each; no value is repeated."""
    try:
        Credentials.model_validate(credentials)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [f"credentials.{'.'.join(str(step) for step in wrong['loc'])}: {wrong['msg']}" for wrong in found]
    return []
