"""Names that a person may give on the command line."""

from collections.abc import Iterable

from console.names import did_you_mean
from runtime.errors import ConfigurationError


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """The name; raises ConfigurationError with the nearest known one."""
    names = list(known)
    if name not in names:
        raise ConfigurationError(f"there is no {kind} {name!r}", hint=did_you_mean(name, names))
    return name
