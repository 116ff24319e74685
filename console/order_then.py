"""An order as it was: the fold of what had been said of it by then, read as it is read now.

The rows of the tables are the fold of everything, so this is worked out anew, by the words' own pure fold
(docs/decisions/0041).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from schemas.events import EVENT_CONTENT
from schemas.notices import Notices
from schemas.order_state import CountedEvent, OrderState, fold
from schemas.void_case import VoidCase
from store.console_orders import Cut

_VOIDED = frozenset({2, 5})
_CLOSED = frozenset({2, 4, 5, 6})


def order_then(rows: Sequence[asyncpg.Record], cut: Cut) -> dict[str, Any]:
    """The fields of `console.orders.ShownOrder` that follow from these events (store.console_orders.events_until)."""
    contents = {row["event_id"]: EVENT_CONTENT.validate_python(row["content"]) for row in rows}
    state = fold(CountedEvent(row["event_id"], row["arrived_at"], contents[row["event_id"]]) for row in rows)
    present = state.ticketing.present
    place = cut.place
    return {
        "state": _word(state),
        "customer": "" if present is None else present.content.customer,
        "attention": list(state.ticketing.attention),
        "ticketed_event": None if present is None else present.event_id,
        "ticketed_at": None if present is None else present.arrived_at,
        "passengers": [] if present is None else [p.model_dump(mode="json") for p in present.content.passengers],
        "void_cases": [_case(case) for _, case in sorted(state.voids.items())],
        "notices": list(_notices(state.notices.values())),
        "as_of": {
            "moment": cut.moment,
            "place": None if place is None else f"{place.topic}/{place.partition}/{place.offset}",
            "events": len(rows),
            "applied_later": [row["event_id"] for row in rows if place is None and row["known_at"] > cut.moment],
        },
    }


def _word(state: OrderState) -> str:
    """As store/queries/console_order.sql has it."""
    statuses = {case.present.status for case in state.voids.values() if case.present is not None}
    if statuses & _VOIDED:
        return "voided"
    if statuses - _CLOSED:
        return "void-in-progress"
    return "not-ticketed" if state.ticketing.present is None else "ticketed"


def _case(case: VoidCase) -> dict[str, Any]:
    present = case.present
    said = sorted(case.statuses.values(), key=lambda status: (status.arrived_at, status.event_id))
    return {
        "void_code": case.void_code,
        "status": None if present is None else present.status,
        "message": "" if present is None else present.message,
        "status_at": None if present is None else present.arrived_at,
        "contradicted": case.contradicted,
        "history": [
            {"status": s.status, "message": s.message, "arrived_at": s.arrived_at, "event_id": s.event_id} for s in said
        ],
    }


def _notices(all_types: Iterable[Notices]) -> Iterable[dict[str, Any]]:
    notices = [notice for of_type in all_types for notice in of_type.notices.values()]
    for notice in sorted(notices, key=lambda notice: (notice.arrived_at, notice.event_id)):
        yield {
            "type": notice.content.type,
            "event_id": notice.event_id,
            "arrived_at": notice.arrived_at,
            "content": notice.content.model_dump(mode="json"),
        }
