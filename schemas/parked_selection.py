"""Which parked events an operator means: what is given must hold, what is not given holds for all."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ParkedSelection(BaseModel):
    """Of those that are parked still. Closed: a misspelt filter must not mean everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: tuple[UUID, ...] = Field((), max_length=1000, description="parked_id of each; none: all")
    fingerprint: Word | None = Field(None, description="what failed alike, see the groups")
    processor: Word | None = None
    reason: Word | None = Field(None, description="a stable code")
    source: Word | None = None
    order_no: Word | None = None
    topic: Word | None = None
    since: AwareDatetime | None = Field(None, description="parked at or after it")
    until: AwareDatetime | None = Field(None, description="parked before it")

    def stored(self) -> dict[str, Any]:
        """As JSON, without what is not given; `model_validate` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)
