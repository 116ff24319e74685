"""What may be told in which dialect: known to those who owe callbacks, without knowing the dialects themselves."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WireForm:
    """One dialect. `only_named`: its endpoints hear only of orders whose context names the party (DESIGN §5)."""

    event_types: frozenset[str]
    only_named: bool = False


WireForms = Mapping[str, WireForm]
"""By dialect."""
