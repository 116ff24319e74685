"""The ordinary command line as a broken release has it: `python -m tests.replay_proof.release processor ticketed`.

Its decoder chokes on the orders whose numbers begin with `poison`, and loses a passenger of those with `misread`.
"""

import sys
from typing import Any, cast

from dialects.contract import Inbound, ReadEvent
from dialects.registry import INBOUND
from schemas.raw_event import RawEvent

DIALECT = "atlas"
POISON, MISREAD = "poison", "misread"


class BrokenReader:
    """The party, but for its reader."""

    def __init__(self, party: Inbound) -> None:
        self._party = party

    def __getattr__(self, name: str) -> Any:
        return getattr(self._party, name)

    def read(self, raw: RawEvent) -> ReadEvent:
        if raw.order_no.startswith(POISON):
            raise KeyError("paxTicketInfos")
        found = self._party.read(raw)
        if not raw.order_no.startswith(MISREAD):
            return found
        passengers = getattr(found.content, "passengers", ())
        return ReadEvent(found.content.model_copy(update={"passengers": passengers[:1]}), found.digest)


if __name__ == "__main__":
    cast("dict[str, Any]", INBOUND)[DIALECT] = BrokenReader(INBOUND[DIALECT])
    from cli.main import main

    sys.argv[0] = "ticketwire"
    main()
