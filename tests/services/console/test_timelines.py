"""The whole story of an order: who did what, which runs touched it, as of then, and as evidence."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pyreqwest.client import Client

from runtime.signing import is_signed
from schemas.timeline_chain import Broken, Intact, check_chain, signed_message
from store.operator_actions import OperatorAction, note_actions
from tests.services.console.conftest import TOKEN, Api
from tests.services.console.orders_in_store import minute, put_callback, put_event, put_order, put_parked


async def put_run(api: Api, *, at: int, order_no: str | None = None, **of: Any) -> UUID:
    """`of`: more of what it was to select."""
    run_id = uuid4()
    selection: dict[str, Any] = {} if order_no is None else {"order_no": order_no, **of}
    await api.pool.execute(
        "INSERT INTO runs (run_id, kind, asked, actor, reason, state, requested_at, finished_at)"
        " VALUES ($1, 'replay', $2, 'ada', 'the fix', 'done', $3, $4)",
        run_id,
        {"mode": "apply", "selection": selection},
        minute(at),
        minute(at + 1),
    )
    return run_id


async def story(api: Api) -> None:
    order = await put_order(api.pool, "A-1")
    event = await put_event(api.pool, order, order_no="A-1")
    run_id = await put_run(api, at=6)
    await api.pool.execute(
        'INSERT INTO arrivals (arrival_id, event_id, order_id, topic, partition, "offset", arrived_at, verdict,'
        " code_version, verified, run_id, processed_at) VALUES"
        " ($1, $2, $3, 'raw.order.ticketed', 4, 17, $4, 'applied', '0.1.0', 'hmac/2', $5, $6)",
        UUID(int=1),
        event,
        order,
        minute(0),
        run_id,
        minute(6),
    )
    await put_parked(api.pool, order_no="A-1", offset=2)
    await api.pool.execute("UPDATE parked SET state = 'redriven', settled_at = $1, run_id = $2", minute(7), run_id)
    endpoint = UUID((await api.post("/endpoints", {"name": "shop", "url": "https://shop.example"})).json["endpoint_id"])
    callback = await put_callback(api.pool, order, event, endpoint, state="delivered", at=3)
    await api.pool.execute("UPDATE callbacks SET finished_at = $1", minute(5))
    await api.pool.execute(
        "INSERT INTO attempts (callback_id, number, outcome, stage, worker, started_at, finished_at)"
        " VALUES ($1, 1, 'delivered', 'after', 'w', $2, $3)",
        callback,
        minute(4),
        minute(5),
    )
    async with api.pool.acquire() as connection:
        action = OperatorAction(
            actor="ada", action="retry", subject="callback", subject_id=str(callback), order_id=order, reason="asked"
        )
        await note_actions(connection, [action])
    await api.pool.execute("UPDATE operator_actions SET at = $1 WHERE order_id = $2", minute(4), order)


async def entries(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/orders/A-1/timeline", **query)
    assert answer.status == 200, answer.json
    found: list[dict[str, Any]] = answer.json["entries"]
    return found


async def test_it_tells_of_operators_and_runs_and_how_arrivals_were_proven(api: Api) -> None:
    await story(api)
    told = await entries(api)
    kinds = ["arrival", "event", "parked", "callback", "action", "attempt", "run"]
    assert [entry["kind"] for entry in told] == kinds
    by_kind = {entry["kind"]: entry["entry"] for entry in told}
    assert by_kind["arrival"]["verified"] == "hmac/2"
    assert by_kind["arrival"]["run_id"] == by_kind["parked"]["run_id"] == told[-1]["id"]
    assert (by_kind["action"]["actor"], by_kind["action"]["reason"]) == ("ada", "asked")
    assert (by_kind["run"]["actor"], by_kind["run"]["asked"]["mode"]) == ("ada", "apply")


async def test_a_run_over_the_orders_number_is_told_and_one_over_another_source_is_not(api: Api) -> None:
    await put_order(api.pool, "A-1")
    told = {await put_run(api, at=1, order_no="A-1"), await put_run(api, at=2, order_no="A-1", sources=["atlas"])}
    await put_run(api, at=3, order_no="A-1", sources=["other"])
    await put_run(api, at=3, order_no="A-1", source="other")
    await put_run(api, at=4, order_no="A-2")
    await put_run(api, at=5)
    assert {UUID(entry["id"]) for entry in await entries(api)} == told


TOUCHES = {
    "a reading": "UPDATE events SET superseded_by = $1",
    "a parked event": "UPDATE parked SET run_id = $1",
    "an action": """INSERT INTO operator_actions (actor, action, subject, subject_id, order_id, run_id)
        SELECT 'ada', 'retry', 'callback', '', order_id, $1 FROM orders""",
    "an arrival": """INSERT INTO arrivals (arrival_id, event_id, order_id, topic, partition, "offset", arrived_at,
            verdict, code_version, run_id)
        SELECT gen_random_uuid(), event_id, order_id, 't', 0, 0, arrived_at, 'applied', '0.1.0', $1 FROM events""",
}


@pytest.mark.parametrize("touched", TOUCHES)
async def test_a_run_that_touched_the_order_is_told_whatever_it_touched(api: Api, touched: str) -> None:
    order = await put_order(api.pool, "A-1")
    await put_event(api.pool, order, order_no="A-1")
    await put_parked(api.pool, order_no="A-1")
    run_id = await put_run(api, at=1)
    assert "run" not in [entry["kind"] for entry in await entries(api)]
    await api.pool.execute(TOUCHES[touched], run_id)
    assert [entry["id"] for entry in await entries(api) if entry["kind"] == "run"] == [str(run_id)]


async def test_it_tells_who_asked_for_a_run_that_concerns_the_order_and_who_cancelled_it(api: Api) -> None:
    await put_order(api.pool, "A-1")
    asked = (await api.post("/replays", {"mode": "apply", "order_no": "A-1", "reason": "a dispute"})).json["run_id"]
    await api.post(f"/runs/{asked}/cancel")
    for other in ({"order_no": "A-2"}, {"order_no": "A-1", "source": "fliggy"}, {}):
        await api.pool.execute(
            "INSERT INTO orders (order_id, source, order_no) VALUES ($1, 'fliggy', $2)",
            uuid4(),
            other.get("order_no", "B"),
        )
        assert (await api.post("/replays", {"mode": "apply", **other})).status == 202
    told = [entry["entry"] for entry in await entries(api, source="atlas") if entry["kind"] == "action"]
    assert [(one["action"], one["subject_id"], one["reason"]) for one in told] == [
        ("replay", asked, "a dispute"),
        ("cancel", asked, ""),
    ]


async def test_as_of_then_it_knows_nothing_that_came_later(api: Api) -> None:
    await story(api)
    told = await entries(api, as_of=(minute(4) + timedelta(seconds=30)).isoformat())
    assert [entry["kind"] for entry in told] == ["arrival", "event", "parked", "callback", "action", "attempt"]
    by_kind = {entry["kind"]: entry["entry"] for entry in told}
    assert by_kind["callback"].keys() == {"endpoint_id", "endpoint", "event_id", "sequence"}
    assert "outcome" not in by_kind["attempt"]
    assert "state" not in by_kind["parked"]
    assert "verdict" not in by_kind["arrival"]
    later = {entry["kind"]: entry["entry"] for entry in await entries(api, as_of=minute(6).isoformat())}
    assert (later["callback"]["state"], later["arrival"]["verdict"]) == ("delivered", "applied")
    assert "finished_at" not in later["run"]


async def export(api: Api, client: Client, **query: str) -> list[bytes]:
    request = client.get(f"{api.url}/api/v1/orders/A-1/timeline").bearer_auth(TOKEN)
    answer = await request.query({"export": "chain", **query}).build().send()
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return bytes(await answer.bytes()).splitlines(keepends=True)


async def test_the_export_is_the_same_story_chained_signed_and_masked(api: Api) -> None:
    await story(api)
    lines = await export(api, api.client)
    found = check_chain(lines)
    assert isinstance(found, Intact)
    assert (found.head["order_no"], found.head["source"], found.head["as_of"]) == ("A-1", "atlas", None)
    told = await entries(api)
    assert found.entries == len(told) == len(lines) - 2
    assert all(entry["id"].encode() in line for entry, line in zip(told, lines[1:-1], strict=True))
    assert found.key == (await api.get("/timeline-keys")).json["keys"][0]
    assert is_signed(signed_message(found.hash), key=found.key, signature=found.signature)
    assert b"E1234567" not in b"".join(lines)
    lines[4] = lines[4].replace(b'"sequence":1', b'"sequence":2')
    broken = check_chain(lines)
    assert isinstance(broken, Broken)
    assert broken.line == 5


async def test_the_export_can_be_as_of_then(api: Api) -> None:
    await story(api)
    found = check_chain(await export(api, api.client, as_of=minute(2).isoformat()))
    assert isinstance(found, Intact)
    assert (found.entries, found.head["as_of"]) == (3, minute(2).isoformat())
