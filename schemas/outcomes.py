"""What became of an arrival. The sets are closed: every `match` over them is exhaustive."""

from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import JsonValue


class Verdict(StrEnum):
    """An arrival that was taken, in the order's timeline."""

    APPLIED = "applied"
    """the event was new and changed the order's state"""
    KEPT = "kept"
    """the event was new and is history only: a later or further one already holds"""
    REPEAT = "repeat"
    """the event was known and is the present state"""
    CONTRADICTS_PRESENT = "contradicts-present"
    """the event was known and is not the present state: an old version was sent again"""


class Change(NamedTuple):
    """How an order's state changed, for the journal. `told`: whether channels are owed a callback for it."""

    before: dict[str, JsonValue]
    after: dict[str, JsonValue]
    told: bool = True

    def for_journal(self) -> dict[str, Any]:
        return {"before": self.before, "after": self.after}
