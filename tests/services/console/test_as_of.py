"""An order as of then: the fold of what had arrived by then, whatever the order in which it was taken."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.batch import process
from processors.registry import PROCESSORS
from publishers.give_up import ExhaustedVoid, VoidRejection
from schemas.arrival import Arrival, Coordinates
from schemas.events import EventContent, OrderChanged, OrderRejected
from tests.arrivals import EPOCH, arrival, ticketed, void
from tests.services.console.conftest import Api

CONTENTS: list[EventContent] = [
    ticketed("T1"),
    ticketed("T2", "T3"),
    ticketed("T4", status=5),
    void(0),
    void(1, void_code="V-2"),
    void(2, "done"),
    void(4, "refused"),
    OrderRejected(order_no="A1", reason="sold out"),
    OrderChanged(order_no="A1", document_no="C-1", passengers=ticketed("T9").passengers),
]
ONLY_NOW = ("version", "created_at", "updated_at", "callbacks", "as_of")
_BY_TYPE = {processor.event_type: processor for processor in PROCESSORS.values()}
_orders = count()


async def take(api: Api, *arrivals: Arrival) -> None:
    """As the processors would: those of one type in one batch."""
    for type_ in sorted({a.content.type for a in arrivals}):
        of_type = [a for a in arrivals if a.content.type == type_]
        async with api.pool.acquire() as connection, connection.transaction():
            await process(connection, _BY_TYPE[type_], of_type, wire_forms={})


def said(content: EventContent, order_no: str, second: float) -> Arrival:
    made = arrival(content.model_copy(update={"order_no": order_no}), at_second=second)
    return made._replace(at=made.at._replace(topic=f"t.raw.{content.type}"))


async def state(api: Api, order_no: str, **query: Any) -> dict[str, Any]:
    answer = await api.get(f"/orders/{order_no}", **query)
    assert answer.status == 200, answer.json
    shown: dict[str, Any] = answer.json
    return {name: value for name, value in shown.items() if name not in ONLY_NOW}


def without_ids(value: Any) -> Any:
    """Ids are derived from the order's number, too."""
    if isinstance(value, dict):
        hidden = ("event_id", "ticketed_event", "order_no")
        return {name: without_ids(part) for name, part in value.items() if name not in hidden}
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def at(second: float) -> str:
    return (EPOCH + timedelta(seconds=second)).isoformat()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=6),
    permuted=st.randoms(use_true_random=False),
    cut_after=st.integers(0, 6),
)
async def test_it_is_what_was_live_then_whatever_the_order_of_arrival(
    api: Api, contents: list[EventContent], permuted: Any, cut_after: int
) -> None:
    number = next(_orders)
    in_time, shuffled = f"LIVE-{number}", f"SHUFFLED-{number}"
    lived = []
    for second, content in enumerate(contents):
        await take(api, said(content, in_time, second))
        lived.append(without_ids(await state(api, in_time)))
    arrivals = [said(content, shuffled, second) for second, content in enumerate(contents)]
    permuted.shuffle(arrivals)
    await take(api, *arrivals[:cut_after])
    await take(api, *arrivals[cut_after:], *arrivals[:1])
    for second, was in enumerate(lived):
        assert without_ids(await state(api, shuffled, as_of=at(second + 0.5))) == was
    assert await state(api, shuffled, as_of=at(1e6)) == await state(api, shuffled)
    before = await state(api, shuffled, as_of=at(-1))
    assert (before["state"], before["passengers"], before["void_cases"], before["notices"]) == (
        "not-ticketed",
        [],
        [],
        [],
    )


async def test_a_place_on_kafka_cuts_its_partition_there_and_the_others_at_its_time(api: Api) -> None:
    first, second, third = (
        said(content, "P-1", at_)._replace(at=Coordinates("t.raw.order.ticketed", 3, offset))
        for content, at_, offset in ((ticketed("T1"), 0, 7), (ticketed("T2"), 10, 9), (ticketed("T3"), 9, 12))
    )
    await take(api, first, second, third, said(void(0), "P-1", 5), said(void(2), "P-1", 11))

    async def tickets_and_statuses(place: str) -> tuple[list[str], list[int]]:
        shown = await state(api, "P-1", as_of=place)
        tickets = [number for passenger in shown["passengers"] for number in passenger["ticket_numbers"]]
        return tickets, [case["status"] for case in shown["void_cases"]]

    assert await tickets_and_statuses("t.raw.order.ticketed/3/6") == ([], [])
    assert await tickets_and_statuses("t.raw.order.ticketed/3/8") == (["T1"], [])
    assert await tickets_and_statuses("t.raw.order.ticketed/3/9") == (["T2"], [0])  # T3 came earlier, but lies behind
    assert await tickets_and_statuses(third.at.topic + "/3/12") == (["T2"], [0])
    refused = await api.get("/orders/P-1", as_of="t.raw.order.ticketed/4/9")
    assert (refused.status, refused.code) == (422, "invalid-request")
    assert "t.raw.order.ticketed/3 from 7 to 12" in refused.json["error"]["hint"]


async def test_what_the_hub_said_itself_counts_from_when_it_said_it(api: Api) -> None:
    await take(api, asked := said(void(0), "H-1", 0))
    before = datetime.now(UTC)
    async with api.pool.acquire() as connection, connection.transaction():
        rejection = VoidRejection({})
        await rejection.lock(connection, [asked.order_id])
        await rejection.reject(connection, [ExhaustedVoid(asked.event_id, asked.order_id, retries=10)])
    statuses = [
        [case["status"] for case in (await state(api, "H-1", as_of=moment.isoformat()))["void_cases"]]
        for moment in (before, datetime.now(UTC))
    ]
    assert statuses == [[0], [4]]


async def test_it_says_what_had_arrived_and_was_not_yet_taken(api: Api) -> None:
    await take(api, late := said(ticketed("T1"), "L-1", 0))
    shown = (await api.get("/orders/L-1", as_of=at(1))).json
    assert shown["as_of"] == {
        "moment": at(1).replace("+00:00", "Z"),
        "place": None,
        "events": 1,
        "applied_later": [str(late.event_id)],
    }
    assert (shown["version"], shown["callbacks"]) == (None, None)
    assert (await api.get("/orders/L-1", as_of="-0s")).json["as_of"]["applied_later"] == []


@pytest.mark.parametrize("as_of", ["yesterday", "2026-03-01T12:00:00", "t/1/x", "t/1", "t/99999999999/1", "-2y"])
async def test_what_is_no_moment_and_no_place_is_refused_and_says_which_there_are(api: Api, as_of: str) -> None:
    await take(api, said(ticketed("T1"), "A-1", 0))
    for path in ("/orders/A-1", "/orders/A-1/timeline"):
        refused = await api.get(path, as_of=as_of)
        assert (refused.status, refused.code) == (422, "invalid-request")
        assert "RFC 3339" in refused.json["error"]["message"]
