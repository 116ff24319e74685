"""What channels have to hear of when an order's state is replaced by another fold of its events. Pure.

A live event is told when it changes the state. Here a state changes at once, by events that were read otherwise, or
at last: of each part of the order the word that holds now is told, if what was told of that part no longer holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from schemas.notices import Notices
from schemas.order_state import OrderState
from schemas.outcomes import Change
from schemas.ticketing import TicketedVersion
from schemas.topics import EventType
from schemas.void_case import VoidCase


@dataclass(frozen=True, slots=True)
class Retelling:
    """One change for the journal. `retells`: the event was known before, and may have been told."""

    event_id: UUID
    event_type: str
    change: Change
    retells: bool


def retellings(before: OrderState, after: OrderState) -> list[Retelling]:
    """Every change from one to the other, in a fixed order; none when they are the same."""
    found = [*_of_ticketing(before, after), *_of_voids(before, after), *_of_notices(before, after)]
    return [
        Retelling(event, type_, change, retells=event in before.events and change.told)
        for event, type_, change in found
    ]


_Found = tuple[UUID, str, Change]


def _of_ticketing(before: OrderState, after: OrderState) -> Iterator[_Found]:
    was, now = before.ticketing.present, after.ticketing.present
    told = now is not None and (was is None or was.content != now.content)
    summaries = before.ticketing.summary(), after.ticketing.summary()
    odd = min({**before.ticketing.versions, **after.ticketing.versions}.values(), key=_by_id, default=None)
    named = now or was or odd
    if named is not None and (told or summaries[0] != summaries[1]):
        yield named.event_id, EventType.TICKETED.value, Change(*summaries, told=told)


def _by_id(version: TicketedVersion) -> bytes:
    return version.event_id.bytes


def _of_voids(before: OrderState, after: OrderState) -> Iterator[_Found]:
    for code in sorted(before.voids.keys() | after.voids.keys()):
        was, now = before.voids.get(code) or VoidCase(code), after.voids.get(code) or VoidCase(code)
        change = Change(was.summary(), now.summary())
        named = _told_status(was, now)
        if named is None:
            if was.present is not None:
                yield was.present.event_id, EventType.VOID.value, Change(change.before, change.after, told=False)
        elif change.before != change.after or _said(before, was) != _said(after, now):
            yield named, EventType.VOID.value, change


def _told_status(was: VoidCase, now: VoidCase) -> UUID | None:
    """The status that tells of the case: what holds, or what newly contradicts it."""
    if now.present is None:
        return None
    new = [status for status in now.statuses.values() if status.event_id not in was.statuses]
    if new and was.present is not None and was.present.event_id == now.present.event_id:
        return max(new, key=lambda status: status.rank_key).event_id
    return now.present.event_id


def _said(state: OrderState, case: VoidCase) -> object:
    return state.content(None if case.present is None else case.present.event_id)


def _of_notices(before: OrderState, after: OrderState) -> Iterator[_Found]:
    for type_ in sorted(before.notices.keys() | after.notices.keys()):
        was, now = before.notices.get(type_) or Notices(), after.notices.get(type_) or Notices()
        gone = [was.notices[event].content for event in was.notices.keys() - now.notices.keys()]
        summaries = was.summary(), now.summary()
        news = [
            notice
            for notice in sorted(now.notices.values(), key=lambda notice: (notice.arrived_at, notice.event_id))
            if before.content(notice.event_id) != notice.content
        ]
        for notice in news:
            yield notice.event_id, type_, Change(*summaries, told=notice.content not in gone)
        if gone and not news:
            event = min(was.notices.keys() - now.notices.keys())
            yield event, type_, Change(*summaries, told=False)
