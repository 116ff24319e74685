"""What the doctor finds: one thing looked at, how it is, and the cure if it is not well."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`well`: nothing to do; `mind`: works, but look at it; `bad`: something cannot work until it is cured."""

    place: str
    state: Literal["well", "mind", "bad"]
    what: str
    cure: str = ""


def well(place: str, what: str) -> Finding:
    return Finding(place, "well", what)


def mind(place: str, what: str, cure: str) -> Finding:
    return Finding(place, "mind", what, cure)


def bad(place: str, what: str, cure: str) -> Finding:
    return Finding(place, "bad", what, cure)
