"""Orders and parked events by the API."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.services.console.conftest import Api
from tests.services.console.orders_in_store import (
    minute,
    put_callback,
    put_event,
    put_order,
    put_parked,
    put_passenger,
)

pytestmark = pytest.mark.services


async def test_an_order_is_shown_with_its_tickets_and_without_personal_data(api: Api) -> None:
    order = await put_order(api.pool, "A/1 x")
    await put_passenger(api.pool, order, ticket="T-1", pnr="PNR1")
    answer = await api.get("/orders/A%2F1%20x")
    assert answer.status == 200, answer.json
    [passenger] = answer.json["passengers"]
    assert (passenger["name"], passenger["ticket_numbers"], passenger["pnrs"]) == ("ZHANG/SAN", ["T-1"], ["PNR1"])
    assert passenger["ancillaries"] == [{"bag": 1}]
    assert passenger["extra"] == {"phone": "***", "nested": [{"mail": "***"}]}
    assert {passenger[name] for name in ("birthday", "document_number", "document_expires")} == {"***"}
    assert answer.json["state"] == "ticketed"


@pytest.mark.parametrize(("status", "state"), [(0, "void-in-progress"), (2, "voided"), (5, "voided"), (4, "ticketed")])
async def test_the_state_follows_the_void_case(api: Api, status: int, state: str) -> None:
    order = await put_order(api.pool, "A-1")
    event = uuid4()
    await api.pool.execute(
        "INSERT INTO void_cases VALUES ($1, 'V1', $2, 'm', $3, $4, false)", order, status, event, minute(1)
    )
    await api.pool.execute(
        "INSERT INTO void_statuses VALUES ($1, 'V1', $2, $3, 'm', $4)", order, event, status, minute(1)
    )
    shown = (await api.get("/orders/A-1")).json
    assert shown["state"] == state
    assert [said["status"] for said in shown["void_cases"][0]["history"]] == [status]
    assert [entry["order_no"] for entry in (await api.get("/orders", state=state)).json["orders"]] == ["A-1"]


async def test_orders_are_found_by_each_filter(api: Api) -> None:
    for number, name in enumerate(("LI/SI", "WANG/WU")):
        order = await put_order(api.pool, f"A-{number}", source=("atlas", "other")[number], at=number)
        await put_passenger(api.pool, order, name=name, ticket=f"T-{number}", pnr=f"P-{number}")
    for query in (
        {"order_no": "A-1"},
        {"ticket_number": "T-1"},
        {"pnr": "P-1"},
        {"passenger": "wang"},
        {"source": "other"},
        {"updated_since": minute(1).isoformat()},
        {"limit": 1},
    ):
        found = await api.get("/orders", **query)
        assert [entry["order_no"] for entry in found.json["orders"]] == ["A-1"], query
    everything = await api.get("/orders", limit=1, cursor=(await api.get("/orders", limit=1)).json["next_cursor"])
    assert [entry["order_no"] for entry in everything.json["orders"]] == ["A-0"]
    assert everything.json["next_cursor"] is None
    assert (await api.get("/orders", attention=True)).json["orders"] == []


async def test_a_number_that_two_sources_use_asks_which(api: Api) -> None:
    await put_order(api.pool, "A-1")
    await put_order(api.pool, "A-1", source="other")
    for path in ("/orders/A-1", "/orders/A-1/timeline"):
        answer = await api.get(path)
        assert (answer.status, answer.code) == (409, "conflict")
        assert "atlas, other" in answer.json["error"]["message"]
        assert (await api.get(path, source="other")).json["source"] == "other"
    assert (await api.get("/orders/A-1", source="third")).status == 404


async def full_history(api: Api) -> None:
    order = await put_order(api.pool, "A-1")
    event = await put_event(api.pool, order, order_no="A-1")
    await api.pool.execute(
        "INSERT INTO arrivals VALUES ($1, $2, $3, 'raw.order.ticketed', 4, 17, $4, 'applied', '0.1.0')",
        UUID(int=1),
        event,
        order,
        minute(0),
    )
    await api.pool.execute(
        "INSERT INTO journal (order_id, version, event_id, change, told, changed_at) VALUES ($1, 1, $2, $3, true, $4)",
        order,
        event,
        {"before": None, "after": {"passengers": [{"document_number": "E1234567"}]}},
        minute(1),
    )
    await put_parked(api.pool, order_no="A-1", offset=2)
    endpoint = UUID((await api.post("/endpoints", {"name": "shop", "url": "https://shop.example"})).json["endpoint_id"])
    callback = await put_callback(api.pool, order, event, endpoint, state="sending", at=3)
    for number in (10, 9):
        await api.pool.execute(
            "INSERT INTO attempts (callback_id, number, outcome, stage, worker, started_at, finished_at)"
            " VALUES ($1, $2, 'try_again', 'after', 'w', $3, $3)",
            callback,
            number,
            minute(4),
        )
    await api.pool.execute("UPDATE leases SET sending_since = $1", minute(5))


async def test_the_timeline_tells_everything_in_one_order_and_no_personal_data(api: Api) -> None:
    await full_history(api)
    whole = (await api.get("/orders/A-1/timeline")).json
    kinds = [entry["kind"] for entry in whole["entries"]]
    assert kinds == ["arrival", "event", "change", "parked", "callback", "attempt", "attempt", "attempt-under-way"]
    arrival = whole["entries"][0]["entry"]
    assert [arrival[name] for name in ("topic", "partition", "offset", "verdict", "code_version")] == [
        "raw.order.ticketed",
        4,
        17,
        "applied",
        "0.1.0",
    ]
    assert [entry["entry"]["number"] for entry in whole["entries"][5:7]] == [9, 10]
    assert "E1234567" not in str(whole)
    assert "19910101" not in str(whole)
    assert "1380" not in str(whole["entries"][1]["entry"]["content"])


async def test_the_timeline_pages_to_the_same_whole(api: Api) -> None:
    await full_history(api)
    whole = (await api.get("/orders/A-1/timeline")).json["entries"]
    paged: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get("/orders/A-1/timeline", limit=1, **cursor)).json
        paged += page["entries"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == whole


async def test_an_order_that_is_only_parked_has_a_timeline_and_says_where_to_look(api: Api) -> None:
    await put_parked(api.pool, order_no="P-1")
    answer = await api.get("/orders/P-1")
    assert answer.status == 404
    assert "parked" in answer.json["error"]["hint"]
    assert [entry["kind"] for entry in (await api.get("/orders/P-1/timeline")).json["entries"]] == ["parked"]


async def test_parked_events_are_listed_grouped_and_shown_whole(api: Api) -> None:
    first = await put_parked(api.pool, order_no="P-1", value=b'{"a": \xff', offset=1)
    await put_parked(api.pool, order_no="P-2", offset=2)
    await put_parked(api.pool, order_no="P-2", offset=3, fingerprint="f2")
    assert len((await api.get("/parked")).json["parked"]) == 3
    assert [entry["offset"] for entry in (await api.get("/parked", fingerprint="f1", limit=1)).json["parked"]] == [2]
    groups = (await api.get("/parked/groups")).json["groups"]
    assert [(group["fingerprint"], group["number"], group["orders"]) for group in groups] == [
        ("f1", 2, 2),
        ("f2", 1, 1),
    ]
    shown = (await api.get(f"/parked/{first}")).json
    assert base64.b64decode(shown["value"]["base64"]) == b'{"a": \xff'
    assert shown["value"]["text"] is None
    assert shown["key"]["text"] == "P-1"
    assert shown["headers"] == [
        {"name": "ce_id", "value": {"base64": "YWJj", "text": "abc"}},
        {"name": "empty", "value": None},
    ]


async def test_the_status_counts_what_is_there_and_what_is_due(api: Api) -> None:
    order = await put_order(api.pool, "A-1")
    await put_parked(api.pool)
    await api.post("/endpoints", {"name": "shop", "url": "https://shop.example"})
    await api.post("/endpoints/shop/test")
    assert order
    status = (await api.get("/status")).json
    assert status.pop("oldest_due_seconds") >= 0
    assert status == {
        "callbacks": {"pending": 1},
        "due": 1,
        "parked": 1,
        "orders": 1,
        "endpoints_enabled": 1,
        "endpoints_disabled": 0,
    }
