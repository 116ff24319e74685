"""The row-level difference of one order between live and shadow, as it is kept, shown and promoted. Pure.

    {"source", "order_no", "tables": ["tickets", …],
     "rows": [{"table", "key", "before": {column: value, …} | null, "after": … | null}],
     "events": {"added": [id, …], "superseded": […], "reread": […]},
     "parked": [{"parked_id", "topic", "partition", "offset", "lands", "reason"}],
     "changes": [{"event_id", "event_type", "told"}],
     "callbacks": [{"callback_id", "endpoint", "event_id", "event_type", "deliverable"}]}

In `rows`, a row that both have shows only the columns that differ; `null` is a row that is not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from replays.retelling import Retelling
from schemas.order_state import OrderState
from store.owing import OwedCallback
from store.shadow import ParkedChange

Rows = Mapping[tuple[str, str], Mapping[str, Any]]
"""An order's rows by (table, key), as store.shadow.state_rows reads them."""


@dataclass(frozen=True, slots=True)
class Side:
    """One order as it lies in one schema."""

    rows: Rows
    state: OrderState


@dataclass(frozen=True, slots=True)
class EventChanges:
    """Which of an order's events come to count, count no more, and say something else under the same identity."""

    added: list[UUID]
    superseded: list[UUID]
    reread: list[UUID]

    def shown(self) -> dict[str, list[str]]:
        return {
            "added": [str(event) for event in self.added],
            "superseded": [str(event) for event in self.superseded],
            "reread": [str(event) for event in self.reread],
        }


def event_changes(before: OrderState, after: OrderState) -> EventChanges:
    """By identity, sorted."""
    was, now = before.events.keys(), after.events.keys()
    reread = [event for event in was & now if before.events[event].content != after.events[event].content]
    return EventChanges(sorted(now - was), sorted(was - now), sorted(reread))


def row_changes(before: Rows, after: Rows) -> list[dict[str, Any]]:
    """Each row that is not the same in both."""
    changes = []
    for table, key in sorted(before.keys() | after.keys()):
        was, now = before.get((table, key)), after.get((table, key))
        if was == now:
            continue
        if was is not None and now is not None:
            columns = [name for name in now if was.get(name) != now[name]]
            was, now = {name: was.get(name) for name in columns}, {name: now[name] for name in columns}
        changes.append({"table": table, "key": key, "before": was, "after": now})
    return changes


def describe(
    name: tuple[str, str],
    before: Side,
    after: Side,
    *,
    parked: Sequence[ParkedChange],
    retold: Sequence[Retelling],
    owed: Sequence[OwedCallback],
) -> dict[str, Any]:
    """The difference in the form above; `name` is the order's source and number."""
    rows = row_changes(before.rows, after.rows)
    return {
        "source": name[0],
        "order_no": name[1],
        "tables": sorted({row["table"] for row in rows}),
        "rows": rows,
        "events": event_changes(before.state, after.state).shown(),
        "parked": [_parked(change) for change in parked],
        "changes": [
            {"event_id": str(change.event_id), "event_type": change.event_type, "told": change.change.told}
            for change in retold
        ],
        "callbacks": [
            {
                "callback_id": str(callback.callback_id),
                "endpoint": callback.endpoint,
                "event_id": str(callback.event_id),
                "event_type": callback.event_type,
                "deliverable": callback.state == "pending",
            }
            for callback in owed
        ],
    }


def _parked(change: ParkedChange) -> dict[str, Any]:
    place = change.place
    return {
        "parked_id": str(change.parked_id),
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
        "lands": change.lands,
        "reason": change.reason,
    }
