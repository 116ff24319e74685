"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is none of `known`: the nearest one if there is one, then all of them."""
    names = sorted(known)
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    listed = "known: " + (", ".join(names) or "none")
    return f"did you mean {nearest[0]!r}? {listed}" if nearest else listed
