"""Every example of the documents goes in by HTTP, the malformed ones too, and gives what its digest recommends."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialects.contract import Answer, Understood
from dialects.registry import CALLERS, INBOUND, OUTBOUND
from tests.services.e2e.conftest import PROOF_SECRET, Whole
from tests.services.e2e.partners import SAMPLES, send
from tests.waiting import until

EXAMPLES = {path: path.read_bytes() for path in sorted(SAMPLES.glob("*/[0-9][0-9]-*")) if path.parent.name in INBOUND}
TAKEN = {
    "01-atlas-order-ticketed-typical.json",
    "04-atlas-order-ticketed-full.json",
    "05-atlas-order-void-typical.json",
    "10-aerohub-update-order-ticketed.json",
    "13-datacentre-ticket-order.json",
    "13-datacentre-ticket-order-stringified.json",
}
"""Whole requests. The rest are fragments, answers, values of single fields, and texts that are no JSON."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a contract says that it has not taken a request."""

    status: int
    content: str


REFUSALS = {
    # atlas-order-ticketed.md, "Response contract": 4xx for what is not JSON or has no type or order number
    "atlas": Refusal(400, r'\{"error":.*'),
    # fliggy-ship-order-notify.md, "Response contract": the error_response, XML unless `format` says otherwise
    "fliggy": Refusal(200, r"(<\?xml [^>]*>)?<error_response><code>\d+</code><msg>[^<]+</msg>.*</error_response>"),
    # aerohub-update-order.md, inconsistency 12: HTTP 200 for a request that was understood
    "aerohub": Refusal(200, r'\{"code":400,"msg":".+"\}'),
    # datacentre-ticket-order.md, "Semantics": any refusal is errcode 1 with a text
    "datacentre": Refusal(200, r'\{"errcode":1,"errmsg":".+"\}'),
}


def test_every_example_of_the_documents_is_tried_here() -> None:
    assert len(EXAMPLES) == 26
    assert {path.name for path in EXAMPLES} >= TAKEN


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
async def test_an_example_is_taken_or_refused_in_its_contracts_own_form(whole: Whole, path: Path) -> None:
    party = path.parent.name
    status, answer = await send(whole, party, EXAMPLES[path])
    if path.name in TAKEN:
        assert isinstance(OUTBOUND[party].judge(Answer(status, {}, answer)), Understood), answer
        return
    refusal = REFUSALS[party]
    malformed = party == "aerohub" and path.suffix == ".txt"  # no JSON: not understood (12)
    assert status == (400 if malformed else refusal.status)
    assert re.fullmatch(refusal.content, answer.decode(), re.DOTALL), answer
    assert "Traceback" not in answer.decode()


@pytest.mark.parametrize("name", sorted(TAKEN))
async def test_an_example_that_is_taken_is_applied(whole: Whole, name: str) -> None:
    (path,) = SAMPLES.glob(f"*/{name}")
    party = path.parent.name
    described = json.loads((path.parent / "party.json").read_bytes())["inbound"]
    order_no = next(one["order_no"] for one in described if one["file"] == name)
    await send(whole, party, path.read_bytes())
    listed = f"/orders?order_no={order_no}&source={party}"
    await until(lambda: _orders(whole, listed), what=f"order {order_no}")


async def _orders(whole: Whole, path: str) -> Any:
    return (await whole.api("GET", path))["orders"]


PROVEN = {
    "fliggy": ("07-fliggy-confirm-book-rq.json", "3892200000033", ["罗大佑"]),
    "aerohub": ("10-aerohub-update-order-ticketed.json", "F1745553257834618888", ["ZHANG/SAN"]),
    "datacentre": ("13-datacentre-ticket-order.json", "1001", ["张晶晶"]),
}


@pytest.mark.parametrize("party", sorted(PROVEN))
async def test_the_example_with_its_callers_own_proof_is_taken_at_the_documented_path(whole: Whole, party: str) -> None:
    name, order_no, passengers = PROVEN[party]
    content = (SAMPLES / party / name).read_bytes()
    caller, source = CALLERS[party], f"{party}-proven"
    call = caller.call(content, url="", secret=PROOF_SECRET, now=datetime.now(UTC))
    first = await send(whole, source, call.body, path=caller.path, content_type=call.headers["content-type"])
    assert isinstance(OUTBOUND[party].judge(Answer(first[0], {}, first[1])), Understood), first
    await until(lambda: _orders(whole, f"/orders?order_no={order_no}&source={source}"))
    order = await whole.api("GET", f"/orders/{order_no}?source={source}")
    assert [passenger["name"] for passenger in order["passengers"]] == passengers
    assert order["state"] == "ticketed"
    again = await send(whole, source, call.body, path=caller.path, content_type=call.headers["content-type"])
    assert again == first


@pytest.mark.parametrize("party", sorted(PROVEN))
async def test_another_secret_proves_nothing_and_is_refused_in_the_contracts_form(whole: Whole, party: str) -> None:
    content = (SAMPLES / party / PROVEN[party][0]).read_bytes()
    call = CALLERS[party].call(content, url="", secret="another", now=datetime.now(UTC))
    status, answer = await send(
        whole, f"{party}-proven", call.body, path=CALLERS[party].path, content_type=call.headers["content-type"]
    )
    assert status == 200
    assert not isinstance(OUTBOUND[party].judge(Answer(status, {}, answer)), Understood), answer
    if party == "fliggy":
        assert json.loads(answer)["error_response"]["code"] == 25
    else:
        assert re.fullmatch(REFUSALS[party].content, answer.decode())


async def test_the_form_of_the_back_fill_is_answered_in_xml_unless_json_is_asked_for(whole: Whole) -> None:
    content = (SAMPLES / "fliggy" / PROVEN["fliggy"][0]).read_bytes()
    call = CALLERS["fliggy"].call(content, url="", secret="", now=datetime.now(UTC))
    for asked, start in ((b"format=json", b"{"), (b"format=xml", b"<"), (b"format=", b"<")):
        body = call.body.replace(b"format=json", asked)
        status, answer = await send(whole, "fliggy", body, content_type=call.headers["content-type"])
        assert (status, answer[:1]) == (200, start)
        assert b"ret_success" in answer


async def test_after_the_first_success_of_a_back_fill_every_call_has_that_answer_and_changes_nothing(
    whole: Whole,
) -> None:
    first = json.loads((SAMPLES / "fliggy" / PROVEN["fliggy"][0]).read_bytes()) | {"alitrip_order_id": "first-for-ever"}
    later = json.loads(json.dumps(first))
    later["passenger_list"][0]["ticket_list"][0]["e_ticket_no"] = "another"
    answers = []
    for order in (first, later):
        content = json.dumps(order, ensure_ascii=False).encode()
        call = CALLERS["fliggy"].call(content, url="", secret="", now=datetime.now(UTC))
        answers.append(await send(whole, "fliggy", call.body, content_type=call.headers["content-type"]))
    assert answers[0] == answers[1]
    arrived = "SELECT count(*) FROM arrivals JOIN orders USING (order_id) WHERE order_no = 'first-for-ever'"

    async def both() -> bool:
        return await whole.count(arrived) == 2

    await until(both, what="both calls on record")
    order = await whole.api("GET", "/orders/first-for-ever?source=fliggy")
    assert "another" not in json.dumps(order["passengers"][0]["ticket_numbers"])
    assert order["version"] == 1
