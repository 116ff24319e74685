"""What is asked of many things at once: looked at first if wanted, else handed to a replayer as a run."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from console.texts import LongText


class Bulk(BaseModel):
    """Said of every such wish."""

    model_config = ConfigDict(extra="forbid")

    preview: bool = Field(False, description="only say what is meant; nothing is done")
    reason: LongText = Field("", description="why, for whoever looks later")


class PacedBulk(Bulk):
    rate: float | None = Field(
        None, ge=0, le=1_000_000, description="in a second; 0: no limit; none: the replayer's setting"
    )


def or_asked_for(form: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """For a route's document: beside 200, which is a preview, 202, in the same form."""
    return {202: {"model": form, "description": "asked for: a replayer carries it out"}}
