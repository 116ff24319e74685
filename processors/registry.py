"""The one list of processors. Adding one is a folder and a line here."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from processors.contract import Processor
from processors.notices.apply import NoticeProcessor
from processors.ticketed.apply import TicketedProcessor
from processors.void.apply import VoidProcessor
from runtime.errors import ConfigurationError
from schemas.topics import EventType

PROCESSORS: dict[str, Processor[Any]] = {
    processor.name: processor
    for processor in (
        TicketedProcessor(),
        VoidProcessor(),
        NoticeProcessor("rejected", EventType.REJECTED),
        NoticeProcessor("changed", EventType.CHANGED),
        NoticeProcessor("refunded", EventType.REFUNDED),
    )
}


def find_processors(names: Iterable[str]) -> list[Processor[Any]]:
    """The processors of these names, each once; raises ConfigurationError for an unknown one."""
    found: dict[str, Processor[Any]] = {}
    for name in names:
        if name not in PROCESSORS:
            close = get_close_matches(name, PROCESSORS, n=1)
            raise ConfigurationError(
                f"there is no processor {name!r}",
                hint=f"did you mean {close[0]}?" if close else f"there are: {', '.join(PROCESSORS)}",
            )
        found[name] = PROCESSORS[name]
    return list(found.values())
