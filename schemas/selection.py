"""Which raw events a run is about: what is given must hold, what is not given holds for all."""

from difflib import get_close_matches
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.topics import UNROUTED, EventType

SELECTABLE_TYPES = (*(str(event_type) for event_type in EventType), UNROUTED)
"""Types by the topic they lie on. `unrouted` are those whose type nobody knew when they came."""


class Selection(BaseModel):
    """A stretch of the past. Times are those of Kafka's records, in which ingest wrote them; both ends that are called
    `to` are exclusive. Relative times are resolved before: a selection means the same whenever it is read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    types: tuple[str, ...] = Field((), description="canonical types, or unrouted; none: all canonical types")
    sources: tuple[str, ...] = Field((), description="names of sources; none: all")
    order_no: str | None = Field(None, min_length=1, description="one order: only its partition is read")
    partition: int | None = Field(None, ge=0, description="one partition of each topic")
    from_: AwareDatetime | None = Field(None, alias="from", description="from this time on")
    to: AwareDatetime | None = Field(None, description="before this time; none: until now, fixed at the start")
    from_offset: int | None = Field(None, ge=0, description="from this offset on; with one type and a partition")
    to_offset: int | None = Field(None, ge=0, description="before this offset; with one type and a partition")

    @field_validator("types")
    @classmethod
    def _known(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        for name in types:
            if name not in SELECTABLE_TYPES:
                near = get_close_matches(name, SELECTABLE_TYPES, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ValueError(f"there is no type {name!r}; {hint}known: {', '.join(SELECTABLE_TYPES)}")
        return tuple(dict.fromkeys(types))

    @model_validator(mode="after")
    def _makes_sense(self) -> "Selection":
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise ValueError(f"from {self.from_.isoformat()} is not before to {self.to.isoformat()}")
        offsets = (self.from_offset, self.to_offset)
        if offsets != (None, None) and (self.partition is None or len(self.types) != 1):
            raise ValueError("offsets count within one partition of one topic: give one type and a partition with them")
        if None not in offsets and offsets[0] >= offsets[1]:  # type: ignore[operator] # neither is None
            raise ValueError(f"from_offset {self.from_offset} is not before to_offset {self.to_offset}")
        return self

    @property
    def read_types(self) -> tuple[str, ...]:
        """The types whose topics are read."""
        return self.types or tuple(name for name in SELECTABLE_TYPES if name != UNROUTED)

    def stored(self) -> dict[str, Any]:
        """As JSON, without what is not given; `Selection.model_validate` reads it back."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
