"""Which callbacks an operator means to send once more: what is given must hold, what is not given holds for all."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Retryable = Literal["given_up", "pending", "delivered", "cancelled", "not_deliverable", "suppressed"]


class CallbackSelection(BaseModel):
    """Closed: a misspelt filter must not mean everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint_id: UUID | None = None
    states: tuple[Retryable, ...] = Field(("given_up",), min_length=1)
    event_type: Word | None = None
    since: AwareDatetime | None = Field(None, description="owed at or after it")
    until: AwareDatetime | None = Field(None, description="owed before it")
    failed_since: AwareDatetime | None = Field(
        None, description="given up at or after it; a pending one counts once it has failed"
    )

    def stored(self) -> dict[str, Any]:
        """As JSON, without what is not given; `model_validate` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)
