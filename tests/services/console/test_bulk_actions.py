"""A hand on many: parked events and callbacks, looked at first, then handed to a replayer, or given up."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from schemas.identity import order_id
from tests.services.console.conftest import Api
from tests.services.console.orders_in_store import minute, put_callback, put_event, put_order, put_parked

pytestmark = pytest.mark.services


async def runs(api: Api) -> list[dict[str, Any]]:
    rows = await api.pool.fetch("SELECT kind, asked, actor, reason FROM runs ORDER BY requested_at")
    return [dict(row) for row in rows]


async def states(api: Api) -> dict[str, int]:
    rows = await api.pool.fetch("SELECT state, count(*) AS number FROM parked GROUP BY state")
    return {row["state"]: row["number"] for row in rows}


async def park_some(api: Api) -> None:
    for offset in range(6):
        group = "f1" if offset < 4 else "f2"
        await put_parked(api.pool, order_no=f"P-{offset // 2}", offset=offset, fingerprint=group)


async def test_a_preview_says_what_is_meant_and_asks_for_nothing(api: Api) -> None:
    await park_some(api)
    answer = await api.post("/parked/retry", {"selection": {"fingerprint": "f1"}, "preview": True})
    assert answer.status == 200
    chosen = answer.json["chosen"]
    assert (answer.json["run"], chosen["number"], chosen["orders"], chosen["groups"]) == (None, 4, 2, {"f1": 4})
    assert chosen["first_parked_at"].startswith("2026-03-01T12:00")
    assert len(chosen["sample"]) == 4
    assert await runs(api) == []


async def test_a_redrive_is_asked_for_with_its_canary_and_noted(api: Api) -> None:
    await park_some(api)
    wanted = {"selection": {"fingerprint": "f1"}, "canary": 2, "rate": 50, "reason": "the decoder is mended"}
    answer = await api.post("/parked/retry", wanted)
    assert answer.status == 202
    asked = {"selection": {"fingerprint": "f1"}, "canary": 2, "rate": 50}
    assert await runs(api) == [{"kind": "redrive", "asked": asked, "actor": "api", "reason": "the decoder is mended"}]
    run = (await api.get(f"/runs/{answer.json['run']['run_id']}")).json
    assert (run["state"], run["asked"]["canary"]) == ("requested", 2)
    [noted] = await api.pool.fetch("SELECT actor, action, subject, subject_id, reason FROM operator_actions")
    assert tuple(noted) == ("api", "redrive", "run", run["run_id"], "the decoder is mended")


async def test_nothing_to_redrive_is_no_run(api: Api) -> None:
    answer = await api.post("/parked/retry", {"selection": {"order_no": "nobody's"}})
    assert (answer.status, answer.json["run"], answer.json["chosen"]["number"]) == (200, None, 0)
    assert await runs(api) == []


async def test_one_is_redriven_or_discarded_while_it_is_parked_and_not_after(api: Api) -> None:
    parked = await put_parked(api.pool)
    assert (await api.post(f"/parked/{parked}/retry")).json["chosen"]["sample"] == [str(parked)]
    gone = await api.post(f"/parked/{parked}/discard", {"reason": "a test of the supplier's"})
    assert (gone.status, gone.json) == (200, {"discarded": 1, "left": 0})
    shown = (await api.get(f"/parked/{parked}")).json
    assert (shown["state"], shown["settled_reason"]) == ("discarded", "a test of the supplier's")
    assert shown["value"]["text"] == "{", "it keeps its bytes"
    for path in ("retry", "discard"):
        answer = await api.post(f"/parked/{parked}/{path}", {"reason": "again"})
        assert (answer.status, answer.code) == (409, "conflict")
        assert "discarded" in answer.json["error"]["message"]
        assert (await api.post(f"/parked/{uuid4()}/{path}", {"reason": "again"})).status == 404
    noted = await api.pool.fetch("SELECT action, order_id, reason FROM operator_actions WHERE subject = 'parked'")
    assert [tuple(row) for row in noted] == [("discard", order_id("atlas", "P-1"), "a test of the supplier's")]


async def test_a_discard_gives_up_what_is_selected_each_once(api: Api) -> None:
    await park_some(api)
    wanted = {"selection": {"fingerprint": "f1"}, "reason": "never meant for us"}
    assert (await api.post("/parked/discard", wanted | {"preview": True})).json == {"discarded": 0, "left": 4}
    answers = await asyncio.gather(*(api.post("/parked/discard", wanted) for _ in range(4)))
    assert sum(answer.json["discarded"] for answer in answers) == 4
    assert await states(api) == {"discarded": 4, "parked": 2}
    assert await api.pool.fetchval("SELECT count(DISTINCT subject_id) FROM operator_actions") == 4
    assert await api.pool.fetchval("SELECT count(*) FROM operator_actions") == 4


async def test_an_export_is_asked_for(api: Api) -> None:
    await park_some(api)
    answer = await api.post("/parked/export", {"selection": {"fingerprint": "f2", "since": "2026-01-01T00:00:00Z"}})
    assert (answer.status, answer.json["chosen"]["number"]) == (202, 2)
    [run] = await runs(api)
    assert run["kind"] == "export"
    assert run["asked"]["selection"].keys() == {"fingerprint", "since"}


async def test_groups_show_a_sample_the_versions_and_what_failed_again(api: Api) -> None:
    await park_some(api)
    await api.pool.execute(
        "UPDATE parked SET redrive_count = 2, last_failed_at = $1, code_version = '0.2.0' WHERE \"offset\" = 3",
        minute(9),
    )
    first = (await api.get("/parked/groups")).json["groups"][0]
    latest = await api.pool.fetchval('SELECT parked_id::text FROM parked WHERE "offset" = 3')
    assert (first["number"], first["sample_id"], first["code_versions"]) == (4, latest, ["0.1.0", "0.2.0"])
    assert (first["failed_again"], first["last_failed_at"][:16]) == (1, "2026-03-01T12:09")


async def owed(api: Api, *callback_states: str) -> str:
    created = await api.post("/endpoints", {"name": "shop", "url": "https://shop.example/hooks"})
    endpoint = str(created.json["endpoint_id"])
    rows = await api.pool.fetch("SELECT endpoint_id FROM endpoints")
    for number, state in enumerate(callback_states):
        order = await put_order(api.pool, f"A-{number}")
        event = await put_event(api.pool, order, order_no=f"A-{number}", at=number)
        await put_callback(api.pool, order, event, rows[0]["endpoint_id"], state=state, at=number)
    return endpoint


async def test_a_bulk_retry_says_first_what_it_means_by_endpoint_and_state(api: Api) -> None:
    endpoint = await owed(api, "given_up", "given_up", "delivered", "pending", "suppressed")
    selection = {"endpoint": "shop", "states": ["given_up", "suppressed"], "since": minute(1).isoformat()}
    preview = (await api.post("/callbacks/retry", {"selection": selection, "preview": True})).json
    assert (preview["number"], preview["run"]) == (2, None)
    assert [(part["endpoint"], part["state"], part["number"]) for part in preview["chosen"]] == [
        ("shop", "given_up", 1),
        ("shop", "suppressed", 1),
    ]
    answer = await api.post("/callbacks/retry", {"selection": selection, "rate": 5})
    assert answer.status == 202
    [run] = await runs(api)
    assert (run["kind"], run["asked"]["rate"], run["asked"]["anew"]) == ("callback_retry", 5, False)
    assert run["asked"]["selection"]["endpoint_id"] == endpoint


async def test_an_endpoint_is_recovered_from_what_it_missed_since_then(api: Api) -> None:
    await owed(api, "given_up", "given_up", "pending", "cancelled")
    await api.pool.execute("UPDATE callbacks SET finished_at = created_at WHERE state = 'given_up'")
    await api.pool.execute("UPDATE callbacks SET attempts = 1 WHERE state = 'pending'")
    answer = await api.post("/endpoints/shop/recover", {"since": minute(1).isoformat(), "reason": "their deploy"})
    assert (answer.status, answer.json["number"]) == (202, 2)
    [run] = await runs(api)
    assert (run["asked"]["anew"], run["reason"]) == (True, "their deploy")
    assert (await api.post("/endpoints/nobody/recover", {"since": "-1h"})).status == 404


NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("/parked/retry", {"selection": {"fingerprnt": "f1"}}),
    ("/parked/retry", {"canary": 0}),
    ("/parked/retry", {"selection": {"ids": ["x"]}}),
    ("/parked/retry", {"selection": {"order_no": "a\x00b"}}),
    ("/parked/retry", {"rate": -1}),
    ("/parked/discard", {"selection": {}}),
    ("/parked/discard", {"reason": "everything?"}),
    ("/parked/export", {"selection": {"since": "yesterday"}}),
    ("/callbacks/retry", {"selection": {"states": ["sending"]}}),
    ("/callbacks/retry", {"selection": {"states": []}}),
    ("/callbacks/retry", {"selection": {"state": "given_up"}}),
    ("/endpoints/shop/recover", {}),
]


async def test_nonsense_is_refused_and_does_nothing(api: Api) -> None:
    await put_parked(api.pool)
    for path, body in NONSENSE:
        answer = await api.post(path, body)
        assert (answer.status, answer.code) == (422, "invalid-request"), (path, body)
    assert await runs(api) == []
    assert await states(api) == {"parked": 1}
