"""Callbacks by the API: found, shown with their attempts, sent again, cancelled; never two at once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.leases import SHOWN_STATE
from tests.services.console.conftest import Api
from tests.services.console.orders_in_store import minute, put_callback, put_event, put_order

pytestmark = pytest.mark.services


async def endpoint_of(api: Api, name: str = "shop") -> UUID:
    answer = await api.post("/endpoints", {"name": name, "url": "https://shop.example/hooks"})
    return UUID(answer.json["endpoint_id"])


async def owed(api: Api, endpoint: UUID, *states: str, order_no: str = "A-1") -> list[UUID]:
    order = await put_order(api.pool, order_no)
    return [
        await put_callback(
            api.pool,
            order,
            await put_event(api.pool, order, order_no=order_no, at=number),
            endpoint,
            state=state,
            sequence=number,
            at=number,
        )
        for number, state in enumerate(states)
    ]


async def states(api: Api) -> list[str]:
    rows = await api.pool.fetch(f"SELECT {SHOWN_STATE} AS state FROM callbacks ORDER BY sequence")
    return [row["state"] for row in rows]


@pytest.mark.parametrize("before", ["delivered", "given_up", "cancelled", "not_deliverable", "suppressed"])
async def test_one_that_ended_is_due_at_once_when_retried(api: Api, before: str) -> None:
    [callback] = await owed(api, await endpoint_of(api), before)
    answer = await api.post(f"/callbacks/{callback}/retry")
    assert (answer.status, answer.json["state"]) == (200, "pending")
    row = await api.pool.fetchrow("SELECT state, trigger, replay, due_at <= now() AS due, finished_at FROM callbacks")
    assert row is not None
    assert tuple(row) == ("pending", "manual", before in {"delivered", "suppressed"}, True, None)


async def test_a_pending_one_is_made_due_and_retrying_twice_is_one_retry(api: Api) -> None:
    [callback] = await owed(api, await endpoint_of(api), "pending")
    answers = await asyncio.gather(*(api.post(f"/callbacks/{callback}/retry") for _ in range(8)))
    assert {(answer.status, answer.json["state"]) for answer in answers} == {(200, "pending")}
    assert await api.pool.fetchval("SELECT count(*) FROM callbacks WHERE state = 'pending' AND due_at <= now()") == 1


@pytest.mark.parametrize("state", ["sending", "queued", "waiting"])
async def test_one_that_cannot_be_retried_now_says_its_state(api: Api, state: str) -> None:
    [callback] = await owed(api, await endpoint_of(api), state)
    answer = await api.post(f"/callbacks/{callback}/retry")
    assert (answer.status, answer.code) == (409, "conflict")
    assert state in answer.json["error"]["message"]
    assert await states(api) == [state]


@pytest.mark.parametrize("ahead", ["sending", "waiting"])
async def test_a_retry_waits_behind_one_of_its_order_that_is_sent_or_waits(api: Api, ahead: str) -> None:
    first, _ = await owed(api, await endpoint_of(api), "given_up", ahead)
    assert (await api.post(f"/callbacks/{first}/retry")).json["state"] == "queued"
    assert await states(api) == ["queued", ahead]


async def test_a_retry_goes_before_a_later_one_of_its_order_that_waits_for_its_own_retry(api: Api) -> None:
    first, second, third = await owed(api, await endpoint_of(api), "given_up", "given_up", "pending")
    assert (await api.post(f"/callbacks/{second}/retry")).json["state"] == "pending"
    assert await states(api) == ["given_up", "pending", "queued"]
    assert (await api.post(f"/callbacks/{first}/retry")).json["state"] == "pending"
    assert await states(api) == ["pending", "queued", "queued"]
    assert (await api.post(f"/callbacks/{third}/retry")).status == 409


async def test_a_retry_says_that_it_waits_for_a_disabled_endpoint(api: Api) -> None:
    [callback] = await owed(api, await endpoint_of(api), "given_up")
    await api.post("/endpoints/shop/disable")
    answer = await api.post(f"/callbacks/{callback}/retry")
    assert (answer.status, answer.json["state"]) == (200, "pending")
    assert answer.json["note"] == "endpoint 'shop' is disabled: it is sent once that is enabled"


async def test_cancelling_lets_the_next_of_the_order_take_its_turn(api: Api) -> None:
    first, second, _ = await owed(api, await endpoint_of(api), "pending", "queued", "queued")
    answer = await api.post(f"/callbacks/{first}/cancel", {"reason": "asked by the shop"})
    assert (answer.status, answer.json["state"]) == (200, "cancelled")
    assert await states(api) == ["cancelled", "pending", "queued"]
    assert (await api.get(f"/callbacks/{first}")).json["outcome"] == "cancelled by an operator: asked by the shop"
    await api.post(f"/callbacks/{second}/cancel")
    assert await states(api) == ["cancelled", "cancelled", "pending"]


@pytest.mark.parametrize("state", ["sending", "delivered", "cancelled"])
async def test_one_that_is_sent_or_ended_is_not_cancelled(api: Api, state: str) -> None:
    [callback] = await owed(api, await endpoint_of(api), state)
    assert (await api.post(f"/callbacks/{callback}/cancel")).status == 409
    assert await states(api) == [state]


async def test_an_attempt_whose_result_is_unknown_is_shown_as_maybe_sent(api: Api) -> None:
    [callback] = await owed(api, await endpoint_of(api), "sending")
    await api.pool.execute("UPDATE leases SET sending_since = $1, attempt_number = 3, leased_by = 'w1'", minute(5))
    await api.pool.execute(
        "INSERT INTO attempts (callback_id, number, outcome, stage, error, status, worker, request, answer, started_at,"
        " finished_at) VALUES ($1, 2, 'try_again', 'after', 'http-500', 500, 'w0', '12345', '\\xff41', $2, $2)",
        callback,
        minute(1),
    )
    shown = (await api.get(f"/callbacks/{callback}")).json
    assert shown["under_way"]["number"] == 3
    assert "may have been sent since 2026-03-01T12:05" in shown["under_way"]["note"]
    [attempt] = shown["attempt_list"]
    assert (attempt["number"], attempt["request_bytes"], attempt["answer"]) == (2, 5, "\\xffA")


async def test_the_search_filters_and_pages_without_losing_or_repeating(api: Api) -> None:
    shop, other = await endpoint_of(api), await endpoint_of(api, "other")
    mine = await owed(api, shop, "pending", "delivered", "delivered", "delivered", "delivered")
    await owed(api, other, "delivered", order_no="B-1")
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get("/callbacks", endpoint="shop", state="delivered", limit=3, **cursor)).json
        found += [entry["callback_id"] for entry in page["callbacks"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == [str(callback) for callback in reversed(mine[1:])]
    assert [entry["endpoint"] for entry in (await api.get("/callbacks", order_no="B-1")).json["callbacks"]] == ["other"]
    assert (await api.get("/callbacks", since=minute(4).isoformat())).json["callbacks"][0]["callback_id"] == str(
        mine[4]
    )
    assert len((await api.get("/callbacks", event_type="order.void")).json["callbacks"]) == 0


async def test_a_callback_that_is_not_there_is_not_found(api: Api) -> None:
    for call in (api.get(f"/callbacks/{uuid4()}"), api.post(f"/callbacks/{uuid4()}/retry")):
        answer = await call
        assert (answer.status, answer.code) == (404, "not-found")


@pytest.mark.parametrize(
    ("path", "since"),
    [("/callbacks", "since"), ("/callbacks", "until"), ("/parked", "since"), ("/orders", "updated_since")],
)
async def test_lists_take_moments_back_from_now(api: Api, path: str, since: str) -> None:
    assert (await api.get(path, **{since: "-2h"})).status == 200
    assert (await api.get(path, **{since: "2026-03-01T12:00:00+08:00"})).status == 200
    refused = await api.get(path, **{since: "2026-03-01T12:00:00"})
    assert (refused.status, "has no zone" in refused.json["error"]["message"]) == (422, True)
