"""The main job through all services at once: documented payloads, repetition, exhaustion, rubbish."""

import asyncio
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from tests.services.cli.hub_process import run_to_end
from tests.services.e2e.conftest import Whole
from tests.services.e2e.load import void_body
from tests.sink import Reaction, Received
from tests.waiting import until

SAMPLES = Path(__file__).parents[2] / "samples" / "atlas"
MESSAGES: list[dict[str, Any]] = orjson.loads((SAMPLES / "06-atlas-order-void-messages.json").read_bytes())


def verified(received: Received, secret: str) -> dict[str, Any]:
    """The body, once its signature was verified by the reference library."""
    found: dict[str, Any] = Webhook(secret).verify(received.body, dict(received.headers))
    return found


async def test_the_documents_payloads_reach_both_dialects_signed_and_show_in_the_timeline(whole: Whole) -> None:
    standard = await whole.endpoint("documents-standard")
    atlas = await whole.endpoint("documents-atlas", dialect="atlas")
    full, typical = (SAMPLES / "04-atlas-order-ticketed-full.json").read_bytes(), "05-atlas-order-void-typical.json"
    assert await whole.post(full) == 200
    assert await whole.post((SAMPLES / typical).read_bytes()) == 200
    for path, secret in (("/documents-standard", standard["secret"]), ("/documents-atlas", atlas["secret"])):
        received = await whole.sink.wait_count(path, 2)
        bodies = [verified(request, secret) for request in received]
        assert {body["type"] for body in bodies} == {"order.ticketed", "order.void"}
    retold = [orjson.loads(request.body) for request in whole.sink.at("/documents-atlas")]
    ticketed = next(body for body in retold if body["type"] == "order.ticketed")
    assert ticketed == orjson.loads(full)
    order = await whole.api("GET", "/orders/TESTL20230922153224323")
    assert [p["ticket_numbers"] for p in order["passengers"]] == [["S30814"]] * 3
    case = (await whole.api("GET", "/orders/TESTA20250512100600259"))["void_cases"][0]
    assert (case["void_code"], case["status"], case["message"]) == ("202505-0012", 2, "废票成功，航司已确认")

    async def kinds_told() -> list[str]:
        """Empty until the answer to the call is on record, which follows what the sink saw."""
        timeline = await whole.api("GET", "/orders/TESTL20230922153224323/timeline")
        kinds = [entry["kind"] for entry in timeline["entries"]]
        return kinds if "attempt" in kinds else []

    kinds = await until(kinds_told)
    assert kinds.index("arrival") < kinds.index("change") < kinds.index("callback") < kinds.index("attempt")


@pytest.mark.parametrize("number", range(len(MESSAGES)))
async def test_every_documented_void_status_is_kept_with_its_message(whole: Whole, number: int) -> None:
    said = MESSAGES[number]
    order_no = f"void-message-{number}"
    assert await whole.post(void_body(order_no, said["voidStatus"], message=said["message"])) == 200
    await until(lambda: whole.count("SELECT count(*) FROM orders WHERE order_no = $1", order_no))
    case = (await whole.api("GET", f"/orders/{order_no}"))["void_cases"][0]
    assert (case["status"], case["message"]) == (said["voidStatus"], said["message"])


async def test_the_same_payload_a_hundred_times_at_once_is_one_effect_and_one_callback(whole: Whole) -> None:
    await whole.endpoint("hundred")
    body = void_body("hundred", 2)
    assert set(await asyncio.gather(*(whole.post(body) for _ in range(100)))) == {200}
    arrived = "SELECT count(*) FROM arrivals JOIN orders USING (order_id) WHERE order_no = 'hundred'"
    await until(lambda: _equals(whole, arrived, 100))
    await whole.sink.wait_count("/hundred", 1)
    assert await whole.count("SELECT version FROM orders WHERE order_no = 'hundred'") == 1
    callbacks = "SELECT count(*) FROM callbacks JOIN orders USING (order_id) JOIN endpoints USING (endpoint_id)"
    assert await whole.count(f"{callbacks} WHERE order_no = 'hundred' AND name = 'hundred'") == 1
    assert len(whole.sink.at("/hundred")) == 1


async def _equals(whole: Whole, sql: str, wanted: int) -> bool:
    return await whole.count(sql) == wanted


async def test_an_endpoint_that_always_fails_ends_in_a_rejected_void_case_told_to_the_others(whole: Whole) -> None:
    whole.sink.plan("/executes-voids", Reaction(status=500))
    executor = await whole.endpoint(
        "executes-voids", policy="void", on_give_up="reject_void", event_types=["order.void"]
    )
    await whole.endpoint("hears-of-voids", event_types=["order.void"])
    begun = datetime.now(UTC)
    assert await whole.post(void_body("exhausted", 0)) == 200

    def told() -> list[dict[str, Any]]:
        bodies = [orjson.loads(request.body) for request in whole.sink.at("/hears-of-voids")]
        return [body for body in bodies if body["data"]["order_no"] == "exhausted"]

    await until(lambda: len(told()) == 2, seconds=30)
    assert (datetime.now(UTC) - begun).total_seconds() > 10
    case = (await whole.api("GET", "/orders/exhausted"))["void_cases"][0]
    assert (case["status"], case["message"]) == (4, "废票失败：系统重试 10 次仍未成功")
    assert told()[1]["data"]["event"]["void_status"] == 4
    first = [r for r in whole.sink.at("/executes-voids") if orjson.loads(r.body)["data"]["event"]["void_status"] == 0]
    assert len(first) == 11
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(first)]
    assert all(0.9 <= gap <= 2.0 for gap in gaps), gaps
    await whole.api("DELETE", f"/endpoints/{executor['endpoint_id']}")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"\xff\xfe\x00", 400),
        (b"[]", 400),
        (b'{"type": "order.void"}', 400),
        (b'{"type": 7, "data": {"orderNo": {}}}', 400),
        (b'{"type": "order.void", "data": {"orderNo": "' + b"x" * 2 * 1024 * 1024 + b'"}}', 413),
    ],
)
async def test_rubbish_gets_the_documented_answer_and_the_hub_goes_on(whole: Whole, body: bytes, status: int) -> None:
    assert await whole.post(body) == status
    assert await whole.post(void_body("after-rubbish", 0)) == 200


async def test_an_unknown_source_is_404_and_an_unknown_type_lies_unrouted(whole: Whole) -> None:
    assert await whole.post(void_body("x", 0), source="nobody") == 404
    unknown = orjson.dumps({"cid": "T", "type": "order.schedulechange", "data": {"orderNo": "unrouted-1"}})
    assert await whole.post(unknown) == 200
    assert await whole.count("SELECT count(*) FROM orders WHERE order_no = 'unrouted-1'") == 0


async def test_what_is_readable_by_nobody_parks_and_is_listed_with_its_original(whole: Whole) -> None:
    odd = orjson.dumps({"type": "order.void", "data": {"orderNo": "parks", "voidCode": "V", "voidStatus": "many"}})
    assert await whole.post(odd) == 200
    assert await whole.post(void_body("parks", 2)) == 200
    await until(
        lambda: whole.count("SELECT count(*) FROM void_cases JOIN orders USING (order_id) WHERE order_no = 'parks'")
    )
    await until(lambda: whole.count("SELECT count(*) FROM parked"))
    listed = (await whole.api("GET", "/parked?order_no=parks"))["parked"]
    shown = await whole.api("GET", f"/parked/{listed[0]['parked_id']}")
    assert orjson.loads(shown["value"]["text"]) == orjson.loads(odd)


async def test_a_replay_lands_what_a_restored_database_lacks_and_tells_it_once_more_as_a_replay(
    whole: Whole, tmp_path: Path
) -> None:
    await whole.endpoint("replayed")
    assert await whole.post(void_body("replayed-1", 2)) == 200
    [live] = await whole.sink.wait_count("/replayed", 1)
    await until(lambda: whole.count("SELECT count(*) FROM callbacks WHERE state = 'delivered'"))
    await whole.database.execute(
        "WITH gone AS (DELETE FROM orders WHERE order_no = 'replayed-1' RETURNING order_id),"
        " a AS (DELETE FROM arrivals USING gone WHERE arrivals.order_id = gone.order_id),"
        " b AS (DELETE FROM void_cases USING gone WHERE void_cases.order_id = gone.order_id),"
        " c AS (DELETE FROM void_statuses USING gone WHERE void_statuses.order_id = gone.order_id),"
        " d AS (DELETE FROM journal USING gone WHERE journal.order_id = gone.order_id),"
        " e AS (DELETE FROM events USING gone WHERE events.order_id = gone.order_id)"
        " DELETE FROM callbacks USING gone WHERE callbacks.order_id = gone.order_id"
    )
    command = ("replay", "--json", "--url", whole.running.console, "--order", "replayed-1", "--from", "-1h")
    token = {"TICKETWIRE_ADMIN_TOKEN": whole.running.admin_token}

    code, out, err = await run_to_end(tmp_path, *command, "--dry-run", **token)
    assert (code, orjson.loads(out)["result"]["total"]["new"]) == (0, 1), err
    code, out, err = await run_to_end(tmp_path, *command, "--apply", "--callbacks", "emit", **token)
    assert (code, orjson.loads(out)["result"]["by_type"]["order.void"]["applied"]) == (0, 1), err

    again = (await whole.sink.wait_count("/replayed", 2))[1]
    assert again.headers["webhook-id"] == live.headers["webhook-id"]
    assert (live.headers.get("ticketwire-replay"), again.headers.get("ticketwire-replay")) == (None, "true")
    code, out, err = await run_to_end(tmp_path, *command, "--apply", "--callbacks", "emit", **token)
    assert orjson.loads(out)["result"]["by_type"]["order.void"]["already_applied"] == 1, err
    shown = await whole.api("GET", "/replays?limit=3")
    assert [run["asked"]["mode"] for run in shown["runs"]] == ["apply", "apply", "dry-run"]
