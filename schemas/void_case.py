"""A void case: the fold of every status that was said of it, in any order and with any repetition.

Statuses merge by rank (atlas-order-void.md, "Semantics"): 0 < 1 < 3 < 2 < 5, then the closing outcomes 6 and 4. A late
arrival never moves a case back. Closing outcomes of different kinds contradict each other: the case keeps the
higher rank and is flagged, it is not resolved. An unknown number is treated as in progress (inconsistency 10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

REJECTED = 4
_RANK = {0: 0, 1: 1, 3: 2, 2: 4, 5: 5, 6: 6, REJECTED: 7}
_UNKNOWN_RANK = 3  # in progress, after every known step of it
_CLOSING_KIND = {2: "voided", 5: "voided", 6: "withdrawn", REJECTED: "rejected"}


def exhausted_message(retries: int) -> str:
    """The documented text of a void that could not be carried out (atlas-order-void.md, "`voidStatus`", value 4)."""
    return f"废票失败：系统重试 {retries} 次仍未成功"


@dataclass(frozen=True, slots=True)
class VoidStatus:
    """One status event of a case."""

    event_id: UUID
    status: int
    message: str
    arrived_at: datetime

    @property
    def rank_key(self) -> tuple[int, int, datetime, bytes]:
        """Further is larger; of the same status, the later message holds."""
        return _RANK.get(self.status, _UNKNOWN_RANK), self.status, self.arrived_at, self.event_id.bytes


@dataclass(frozen=True, slots=True)
class VoidCase:
    """All statuses that were said, by event. Immutable: `with_status` returns the next one."""

    void_code: str
    statuses: Mapping[UUID, VoidStatus] = field(default_factory=dict)

    def with_status(self, status: VoidStatus) -> "VoidCase":
        known = self.statuses.get(status.event_id)
        if known is not None:
            if known.arrived_at <= status.arrived_at:
                return self
            status = replace(known, arrived_at=status.arrived_at)
        return VoidCase(self.void_code, {**self.statuses, status.event_id: status})

    @property
    def present(self) -> VoidStatus | None:
        """The status that holds; None before the first."""
        return max(self.statuses.values(), key=lambda status: status.rank_key, default=None)

    @property
    def contradicted(self) -> bool:
        """Whether the case was closed in more than one way."""
        return len({_CLOSING_KIND[s.status] for s in self.statuses.values() if s.status in _CLOSING_KIND}) > 1

    def summary(self) -> dict[str, JsonValue]:
        """The state for the journal."""
        present = self.present
        return {
            "void_code": self.void_code,
            "status": None if present is None else present.status,
            "message": "" if present is None else present.message,
            "contradicted": self.contradicted,
        }
