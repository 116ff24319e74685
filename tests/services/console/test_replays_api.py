"""Replays and other runs over the API: asked for, watched, cancelled. What a replayer does is not looked at here."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from store.runs import checkpoint, claim_run, finish_run, list_runs, release_run
from tests.services.console.conftest import Api

pytestmark = pytest.mark.services


async def test_a_replay_that_was_asked_for_waits_for_a_replayer_and_says_who_wants_what(api: Api) -> None:
    body = {"mode": "apply", "types": ["order.void"], "source": "atlas", "from": "-2h", "rate": 50, "reason": "a fix"}
    answer = await api.post("/replays", body)
    assert answer.status == 202
    shown = answer.json
    assert (shown["state"], shown["actor"], shown["reason"]) == ("requested", "api", "a fix")
    assert shown["asked"]["selection"].keys() == {"types", "sources", "from"}
    begin = datetime.fromisoformat(shown["asked"]["selection"]["from"])
    assert timedelta(hours=2) <= datetime.now(UTC) - begin < timedelta(hours=2, minutes=1)
    assert (shown["asked"]["mode"], shown["asked"]["callbacks"], shown["asked"]["rate"]) == ("apply", "suppress", 50)
    assert (await api.get(f"/replays/{shown['run_id']}")).json == shown
    assert (await api.get("/replays", state="requested")).json["runs"] == [shown]
    assert (await api.get("/runs", kind="redrive")).json["runs"] == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"mode": "aply"}, "mode"),
        ({"mode": "apply", "types": ["order.viod"]}, "did you mean 'order.void'?"),
        ({"mode": "apply", "source": "atlsa"}, "no source 'atlsa' is configured"),
        ({"mode": "apply", "from": "-1h", "to": "-2h"}, "is not before to"),
        ({"mode": "apply", "from": "yesterday"}, "'yesterday' is no moment; write RFC 3339"),
        ({"mode": "apply", "from": 5}, "it is no text"),
        ({"mode": "apply", "from_offset": 5}, "give one type and a partition"),
        ({"mode": "dry-run", "callbacks": "emit"}, "a dry-run owes no callbacks"),
        ({"mode": "apply", "rate": -1}, "rate"),
        ({"mode": "apply", "order_no": "a\x00b"}, "NUL"),
        ({"mode": "apply", "order": "A"}, "order"),
        ({}, "mode"),
    ],
)
async def test_nonsense_is_refused_and_no_run_is_left(api: Api, body: dict[str, Any], says: str) -> None:
    answer = await api.post("/replays", body)
    assert (answer.status, answer.code) == (422, "invalid-request")
    assert says in answer.json["error"]["message"]
    assert await api.pool.fetchval("SELECT count(*) FROM runs") == 0


async def test_a_source_that_left_orders_may_be_replayed_though_it_is_configured_no_more(api: Api) -> None:
    await api.pool.execute("INSERT INTO orders (order_id, source, order_no) VALUES ($1, 'gone', 'A')", uuid4())
    assert (await api.post("/replays", {"mode": "dry-run", "source": ["gone", "atlas"]})).status == 202


async def test_cancelling_ends_an_idle_run_at_once_and_asks_a_replayer_that_is_at_work(api: Api) -> None:
    idle = (await api.post("/replays", {"mode": "apply"})).json["run_id"]
    assert (await api.post(f"/replays/{idle}/cancel")).json["state"] == "cancelled"
    again = await api.post(f"/replays/{idle}/cancel")
    assert (again.status, again.code) == (409, "conflict")

    busy = (await api.post("/replays", {"mode": "apply"})).json["run_id"]
    async with api.pool.acquire() as connection:
        run = await claim_run(connection, kinds=["replay"], worker="w", lease_seconds=60)
        assert run is not None
        assert str(run.run_id) == busy
        shown = (await api.post(f"/runs/{busy}/cancel")).json
        assert (shown["state"], shown["cancel_requested"]) == ("running", True)
        assert await checkpoint(connection, run.run_id, worker="w", lease_seconds=60, progress={"done": 1, "of": 2})
        await finish_run(connection, run.run_id, worker="w", state="cancelled")
    shown = (await api.get(f"/runs/{busy}")).json
    assert (shown["state"], shown["progress"]) == ("cancelled", {"done": 1, "of": 2})
    noted = await api.pool.fetch(
        "SELECT actor, action, subject_id FROM operator_actions WHERE action <> 'replay' ORDER BY action_id"
    )
    assert [tuple(row) for row in noted] == [("api", "cancel", idle), ("api", "cancel", busy)]


async def test_a_run_whose_replayer_died_can_be_cancelled_without_another(api: Api) -> None:
    number = (await api.post("/replays", {"mode": "apply"})).json["run_id"]
    async with api.pool.acquire() as connection:
        await claim_run(connection, kinds=["replay"], worker="w", lease_seconds=60)
        await release_run(connection, UUID(number), worker="w")
    assert (await api.post(f"/replays/{number}/cancel")).json["state"] == "cancelled"


async def test_pages_of_runs_hold_each_run_once_the_newest_first(api: Api) -> None:
    asked = [(await api.post("/replays", {"mode": "dry-run"})).json["run_id"] for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        page = (await api.get("/replays", limit=2, **({} if cursor is None else {"cursor": cursor}))).json
        seen += [run["run_id"] for run in page["runs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == asked[::-1]
    async with api.pool.acquire() as connection:
        assert [str(run.run_id) for run in await list_runs(connection, limit=9)] == seen


async def test_what_is_no_run_is_not_found(api: Api) -> None:
    for path in (f"/replays/{uuid4()}", f"/runs/{uuid4()}"):
        assert (await api.get(path)).code == "not-found"
        assert (await api.post(f"{path}/cancel")).code == "not-found"
    assert (await api.get("/replays/nonsense")).status == 422
