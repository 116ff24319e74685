"""Every change by an operator leaves who, what, to which thing and why, in the transaction of the change."""

from typing import Any

import pytest

from tests.services.console.conftest import TOKEN, Api
from tests.services.console.orders_in_store import put_callback, put_event, put_order
from tests.services.console.test_shadows_api import shadow

pytestmark = pytest.mark.services


async def noted(api: Api) -> list[tuple[Any, ...]]:
    """(actor, action, subject, reason) in the order they were done."""
    rows = await api.pool.fetch("SELECT actor, action, subject, reason FROM operator_actions ORDER BY action_id")
    return [tuple(row) for row in rows]


async def test_every_change_of_an_endpoint_is_noted_without_its_secrets(api: Api) -> None:
    shop = {"name": "shop", "url": "https://shop.example/hooks", "headers": {"x-key": "hush-hush"}}
    created = await api.post("/endpoints", shop)
    await api.call("PATCH", "/endpoints/shop", {"rate_limit": 5, "headers": {"x-key": "hush-hush-2"}})
    await api.post("/endpoints/shop/rotate-secret")
    await api.post("/endpoints/shop/test")
    await api.post("/endpoints/shop/disable", {"reason": "its deploy"})
    await api.post("/endpoints/shop/enable")
    await api.call("DELETE", "/endpoints/shop")
    assert [(action, reason) for _, action, _, reason in await noted(api)] == [
        ("create", ""),
        ("change", ""),
        ("rotate-secret", ""),
        ("test", ""),
        ("disable", "its deploy"),
        ("enable", ""),
        ("delete", ""),
    ]
    rows = await api.pool.fetch("SELECT subject_id, details::text AS details FROM operator_actions")
    assert {row["subject_id"] for row in rows} == {created.json["endpoint_id"]}
    assert not any("hush" in row["details"] or "whsec" in row["details"] for row in rows)


async def test_a_hand_on_a_callback_is_noted_with_its_order_and_its_states(api: Api) -> None:
    await api.post("/endpoints", {"name": "shop", "url": "https://shop.example/hooks"})
    endpoint = await api.pool.fetchval("SELECT endpoint_id FROM endpoints")
    order = await put_order(api.pool, "A-1")
    callback = await put_callback(
        api.pool, order, await put_event(api.pool, order, order_no="A-1"), endpoint, state="given_up"
    )
    await api.post(f"/callbacks/{callback}/retry")
    await api.post(f"/callbacks/{callback}/cancel", {"reason": "sent by mail"})
    rows = await api.pool.fetch(
        "SELECT action, subject_id, order_id, reason, details FROM operator_actions WHERE subject = 'callback'"
        " ORDER BY action_id"
    )
    assert [tuple(row) for row in rows] == [
        ("retry", str(callback), order, "", {"was": "given_up", "is": "pending"}),
        ("cancel", str(callback), order, "sent by mail", {"was": "pending", "is": "cancelled"}),
    ]


async def test_runs_are_noted_with_whoever_asked_for_cancelled_promoted_or_discarded_them(api: Api) -> None:
    replay = await api.post("/replays", {"mode": "dry-run", "order_no": "A-1", "reason": "a dispute"})
    await api.post(f"/replays/{replay.json['run_id']}/cancel")
    await api.post("/rebuilds", {"reason": "the drill"})
    shown = await shadow(api, "A-1")
    promotion = await api.post(f"/replays/{shown}/promote", {"reason": "the fix"})
    await api.post(f"/runs/{promotion.json['run_id']}/cancel")
    await api.post(f"/replays/{shown}/discard", {"reason": "another way"})
    found = (await api.get("/actions", subject="run")).json["actions"][::-1]
    assert [(action["actor"], action["action"], action["reason"]) for action in found] == [
        ("api", "replay", "a dispute"),
        ("api", "cancel", ""),
        ("api", "rebuild", "the drill"),
        ("api", "promote", "the fix"),
        ("api", "cancel", ""),
        ("api", "discard", "another way"),
    ]
    assert (found[0]["run_id"], found[0]["details"]) == (replay.json["run_id"], replay.json["asked"])
    assert [action["run_state"] for action in found] == [
        *("cancelled", "cancelled", "requested", "cancelled", "cancelled", "done"),
    ]
    assert (found[3]["run_id"], found[3]["details"]["run"]) == (promotion.json["run_id"], str(shown))


async def test_what_was_refused_is_not_noted(api: Api) -> None:
    assert (await api.post("/endpoints/nobody/disable")).status == 404
    await api.post("/endpoints", {"name": "shop", "url": "https://shop.example/hooks"})
    assert (await api.post("/endpoints", {"name": "shop", "url": "https://shop.example/hooks"})).status == 409
    shown = await shadow(api, "A-1")
    assert (await api.post(f"/replays/{shown}/promote")).status == 202
    assert (await api.post(f"/replays/{shown}/promote")).status == 409
    assert (await api.post("/replays", {"mode": "apply", "source": "nobody"})).status == 422
    assert [action for _, action, _, _ in await noted(api)] == ["create", "promote"]


async def test_a_stored_context_is_noted_for_each_order_it_is_for(api: Api) -> None:
    order = await put_order(api.pool, "A-1")
    await api.call("PUT", "/orders/A-1/context", {})
    await api.call("PUT", "/orders/not-yet-known/context", {})
    rows = await api.pool.fetch("SELECT subject_id, order_id FROM operator_actions ORDER BY action_id")
    assert [tuple(row) for row in rows] == [("A-1", order), ("not-yet-known", None)]


@pytest.mark.parametrize(
    ("said", "noted_as"), [("ana", "ana"), ("Ångström 陈", "Ångström 陈"), ("a" * 101, None), ("a\tb", None)]
)
async def test_who_asks_is_a_printable_name_of_bounded_length(api: Api, said: str, noted_as: str | None) -> None:
    request = api.client.post(f"{api.url}/api/v1/endpoints").bearer_auth(TOKEN).header("Ticketwire-Actor", said)
    response = await request.body_json({"name": "shop", "url": "https://shop.example/hooks"}).build().send()
    assert response.status == (422 if noted_as is None else 201)
    assert [row[0] for row in await noted(api)] == ([] if noted_as is None else [noted_as])


async def test_who_gives_no_name_is_noted_as_the_api(api: Api) -> None:
    await api.post("/endpoints", {"name": "shop", "url": "https://shop.example/hooks"})
    assert await noted(api) == [("api", "create", "endpoint", "")]


async def test_actions_are_found_by_what_they_were_done_to_and_by_whom_page_by_page(api: Api) -> None:
    await api.post("/endpoints", {"name": "shop", "url": "https://shop.example/hooks"})
    for turn in range(3):
        await api.post("/endpoints/shop/disable", {"reason": f"turn {turn}"})
    first = (await api.get("/actions", subject="endpoint", action="disable", limit=2)).json
    assert [action["reason"] for action in first["actions"]] == ["turn 2", "turn 1"]
    rest = (await api.get("/actions", action="disable", limit=2, before=first["next_before"])).json
    assert [action["reason"] for action in rest["actions"]] == ["turn 0"]
    assert rest["next_before"] is None
    assert (await api.get("/actions", actor="nobody")).json["actions"] == []
    assert len((await api.get("/actions", since="-1h")).json["actions"]) == 4
    assert (await api.get("/actions", since="yesterday")).status == 422
    assert (await api.get("/actions", actr="api")).status == 422
