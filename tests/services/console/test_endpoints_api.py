"""Endpoints by the API: created, shown without secrets, changed, tested, deleted."""

from typing import Any
from uuid import UUID

import pytest

from tests.services.console.conftest import Api
from tests.services.console.orders_in_store import put_callback, put_event, put_order

pytestmark = pytest.mark.services

FORM = {"name": "shop", "url": "https://shop.example/hooks"}


async def made(api: Api, **more: Any) -> dict[str, Any]:
    answer = await api.post("/endpoints", {**FORM, **more})
    assert answer.status == 201, answer.json
    created: dict[str, Any] = answer.json
    return created


async def sealed(api: Api, name: str = "shop") -> dict[str, Any]:
    return api.box.open(await api.pool.fetchval("SELECT secrets FROM endpoints WHERE name = $1", name))


async def test_a_secret_is_made_shown_once_and_kept_sealed(api: Api) -> None:
    created = await made(api, headers={"X-Api-Key": "k"})
    assert created["secret"].startswith("whsec_")
    assert await sealed(api) == {"credentials": {"secrets": [created["secret"]]}, "headers": {"X-Api-Key": "k"}}
    shown = await api.get("/endpoints/shop")
    assert shown.json["credentials_set"] == ["secrets"]
    assert shown.json["headers_set"] == ["X-Api-Key"]
    assert shown.json["event_types"] == [
        "order.changed",
        "order.refunded",
        "order.rejected",
        "order.ticketed",
        "order.void",
    ]
    listed = await api.get("/endpoints")
    for answer in (shown, listed):
        assert created["secret"] not in str(answer.json)
        assert "secret" not in (answer.json if isinstance(answer.json, dict) else answer.json[0])


async def test_given_credentials_are_kept_and_a_secret_is_made_beside_them(api: Api) -> None:
    created = await made(api, dialect="atlas", credentials={"cid": "TAC1"})
    assert (await sealed(api))["credentials"] == {"cid": "TAC1", "secrets": [created["secret"]]}


@pytest.mark.parametrize(
    ("change", "field", "hint"),
    [
        ({"dialect": "standart"}, "dialect", "'standard'"),
        ({"policy": "viod"}, "policy", "'void'"),
        ({"event_types": ["order.tickted"]}, "event_types", "'order.ticketed'"),
        ({"dialect": "atlas", "event_types": ["order.changed"]}, "event_types", "order.void"),
        ({"credentials": {"secrets": ["plain"]}}, "credentials", "standard"),
        ({"on_give_up": "reject_void", "event_types": ["order.ticketed"]}, "on_give_up", "order.void"),
    ],
)
async def test_a_wrong_name_is_refused_with_the_nearest_one(
    api: Api, change: dict[str, Any], field: str, hint: str
) -> None:
    answer = await api.post("/endpoints", {**FORM, **change})
    assert (answer.status, answer.code) == (422, "invalid-request")
    assert answer.json["error"]["message"].startswith(field)
    assert hint in answer.json["error"]["hint"]
    assert await api.pool.fetchval("SELECT count(*) FROM endpoints") == 0


async def test_two_endpoints_cannot_share_a_name_and_a_deleted_ones_name_is_free(api: Api) -> None:
    await made(api)
    assert (await api.post("/endpoints", FORM)).status == 409
    await made(api, name="other")
    assert (await api.call("PATCH", "/endpoints/other", {"name": "shop"})).code == "conflict"
    assert (await api.call("DELETE", "/endpoints/shop")).json["cancelled_callbacks"] == 0
    assert (await api.get("/endpoints/shop")).status == 404
    await made(api)


async def test_a_patch_changes_what_it_names_and_checks_the_whole(api: Api) -> None:
    created = await made(api, rate_limit=5, filter={"sources": ["atlas"]})
    changed = await api.call("PATCH", f"/endpoints/{created['endpoint_id']}", {"rate_limit": None, "max_in_flight": 2})
    assert changed.status == 200
    assert (changed.json["rate_limit"], changed.json["max_in_flight"], changed.json["secret"]) == (None, 2, None)
    assert changed.json["filter"] == {"sources": ["atlas"]}
    assert (await sealed(api))["credentials"]["secrets"] == [created["secret"]]
    refused = await api.call("PATCH", "/endpoints/shop", {"dialect": "atlas"})
    assert refused.json["error"]["message"].startswith("event_types")


async def test_new_credentials_without_secrets_keep_those_that_sign(api: Api) -> None:
    created = await made(api, dialect="atlas")
    await api.call("PATCH", "/endpoints/shop", {"credentials": {"cid": "NEW"}})
    assert (await sealed(api))["credentials"] == {"cid": "NEW", "secrets": [created["secret"]]}


async def test_after_a_rotation_the_new_and_the_old_secret_are_live_and_the_oldest_is_not(api: Api) -> None:
    first = (await made(api))["secret"]
    second = (await api.post("/endpoints/shop/rotate-secret")).json["secret"]
    assert (await sealed(api))["credentials"]["secrets"] == [second, first]
    third = (await api.post("/endpoints/shop/rotate-secret")).json["secret"]
    assert (await sealed(api))["credentials"]["secrets"] == [third, second]


async def test_an_endpoint_whose_key_is_lost_is_still_listed(api: Api) -> None:
    await made(api)
    await api.pool.execute("UPDATE endpoints SET secrets = 'not sealed by us'")
    listed = await api.get("/endpoints")
    assert [entry["secrets_readable"] for entry in listed.json] == [False]


async def test_a_test_callback_is_owed_to_this_endpoint_only_and_no_order_is_made(api: Api) -> None:
    created = await made(api)
    await made(api, name="other")
    started = await api.post("/endpoints/shop/test", event_type="order.ticketed")
    assert started.status == 202
    rows = await api.pool.fetch("SELECT callback_id, endpoint_id, state, trigger FROM callbacks")
    assert [tuple(row) for row in rows] == [
        (UUID(started.json["callback_id"]), UUID(created["endpoint_id"]), "pending", "test")
    ]
    assert await api.pool.fetchval("SELECT count(*) FROM orders") == 0
    followed = await api.get(f"/callbacks/{started.json['callback_id']}")
    assert followed.json["order_no"] == started.json["order_no"]
    assert followed.json["order_no"].startswith("TEST-")
    found = await api.get("/callbacks", order_no=started.json["order_no"])
    assert [entry["callback_id"] for entry in found.json["callbacks"]] == [started.json["callback_id"]]


async def test_nothing_is_sent_to_a_disabled_endpoint_until_it_is_enabled(api: Api) -> None:
    await made(api)
    disabled = await api.post("/endpoints/shop/disable", {"reason": "maintenance"})
    assert (disabled.json["state"], disabled.json["state_reason"]) == ("disabled", "maintenance")
    assert (await api.post("/endpoints/shop/test")).status == 409
    enabled = await api.post("/endpoints/shop/enable")
    assert (enabled.json["state"], enabled.json["state_reason"]) == ("enabled", "")


async def test_deleting_an_endpoint_cancels_what_it_is_owed_and_says_why(api: Api) -> None:
    endpoint = UUID((await made(api))["endpoint_id"])
    order = await put_order(api.pool, "A-1")
    for number, state in enumerate(("delivered", "sending", "pending", "waiting", "queued")):
        event = await put_event(api.pool, order, order_no="A-1", at=number)
        await put_callback(api.pool, order, event, endpoint, state=state, sequence=number)
    assert (await api.call("DELETE", "/endpoints/shop")).json["cancelled_callbacks"] == 4
    rows = await api.pool.fetch("SELECT state, outcome FROM callbacks ORDER BY sequence")
    assert [tuple(row) for row in rows] == [("delivered", ""), *[("cancelled", "endpoint-deleted")] * 4]
    assert await api.pool.fetchval("SELECT count(*) FROM leases") == 0
    retried = await api.post(f"/callbacks/{(await api.get('/callbacks')).json['callbacks'][0]['callback_id']}/retry")
    assert retried.status == 409
    assert "deleted" in retried.json["error"]["message"]
