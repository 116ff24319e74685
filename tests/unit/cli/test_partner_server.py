"""A simulated partner on a real port: it remembers what it accepted, and misbehaves exactly as ordered."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import RequestError

from cli.partner_manners import HUGE_BYTES, MANNERS, ordered
from cli.partner_server import PartnerServer
from dialects.contract import Heard, InboundRequest, Reply
from dialects.registry import PARTNERS
from runtime.errors import ConfigurationError


class Echo:
    """A party that accepts everything once, and says which time it is."""

    name = "echo"
    path = "/told"

    def credentials(self, secret: str) -> Mapping[str, Any]:
        return {"secret": secret}

    def hear(self, call: InboundRequest, *, credentials: Mapping[str, Any], held: Mapping[str, str]) -> Heard:
        times = int(held.get("times", "0")) + 1
        body = json.dumps({"times": times, "secret": credentials["secret"]}).encode()
        return Heard(True, "accepted", Reply(200, body), call.body.decode(), remember={"times": str(times)})

    def refuse(self, call: InboundRequest) -> Reply:
        del call
        return Reply(200, b'{"no": true}')


def server(*orders: str) -> PartnerServer:
    return PartnerServer(Echo(), secret="s", misbehave=[ordered(order) for order in orders])


async def post(url: str, *, seconds: float = 10.0) -> tuple[int, str, bytes]:
    async with ClientBuilder().no_proxy().build() as client:

        async def answered() -> tuple[int, str, bytes]:
            response = await client.post(url).body_bytes(b"order 1").build().send()
            return response.status, response.headers.get("content-type", ""), bytes(await response.bytes())

        return await asyncio.wait_for(answered(), seconds)


async def times(told: PartnerServer) -> int:
    status, _, body = await post(told.url)
    assert status == 200
    number: int = json.loads(body)["times"]
    return number


async def test_what_was_accepted_is_remembered_between_calls() -> None:
    async with server() as told:
        assert [await times(told), await times(told)] == [1, 2]
        assert [(visit.order, visit.verdict, visit.accepted) for visit in told.visits] == [
            ("order 1", "accepted", True)
        ] * 2
        assert (await post(told.url + "/elsewhere"))[0] == 404
        assert told.visits[2].verdict == "refused: the path is /told/elsewhere, not /told"
        assert await times(told) == 3


async def test_it_misbehaves_as_often_as_ordered_and_then_behaves() -> None:
    async with server("fail:2", "refuse:1") as told:
        assert [(await post(told.url))[::2] for _ in range(3)] == [
            (503, b"out of order"), (503, b"out of order"), (200, b'{"no": true}'),
        ]  # fmt: skip
        assert await times(told) == 1
        assert [visit.accepted for visit in told.visits] == [False, False, False, True]


@pytest.mark.parametrize("manner", ["time-out", "trickle", "length-too-long"])
async def test_who_waits_for_a_slow_answer_waits_in_vain_though_the_call_was_taken(manner: str) -> None:
    async with server(f"{manner}:1") as told:
        begun = time.monotonic()
        with pytest.raises((TimeoutError, RequestError)):
            await post(told.url, seconds=0.3)
        assert time.monotonic() - begun < 5
        assert await times(told) == 2


@pytest.mark.parametrize(("manner", "then"), [("hang-up", 1), ("hang-up-in-body", 2)])
async def test_a_hang_up_half_way_comes_after_the_call_was_taken(manner: str, then: int) -> None:
    async with server(f"{manner}:1") as told:
        with pytest.raises(RequestError):
            await post(told.url)
        assert await times(told) == then


async def test_it_lies_about_type_content_and_length() -> None:
    async with server("wrong-type:1", "web-page:1", "length-too-short:1", "huge:1") as told:
        status, content_type, body = await post(told.url)
        assert (status, content_type, json.loads(body)["times"]) == (200, "image/png", 1)
        assert (await post(told.url))[1] == "text/html"
        assert (await post(told.url))[2] == b'{"times": 2, '
        assert len((await post(told.url))[2]) > HUGE_BYTES
        assert await times(told) == 4


async def test_every_manner_was_tried_here() -> None:
    assert set(MANNERS) == {
        "fail", "refuse", "time-out", "trickle", "length-too-long", "hang-up", "hang-up-in-body", "wrong-type",
        "web-page", "length-too-short", "huge",
    }  # fmt: skip


async def test_an_order_for_another_party_is_not_for_this_one() -> None:
    async with server("other=fail", "echo=refuse:1") as told:
        assert (await post(told.url))[2] == b'{"no": true}'
        assert await times(told) == 1


async def test_without_a_number_it_misbehaves_for_ever() -> None:
    async with server("fail") as told:
        assert {(await post(told.url))[0] for _ in range(5)} == {503}


async def test_who_waits_is_told_when_a_call_came() -> None:
    async with server() as told:
        waiting = asyncio.create_task(told.wait_for(lambda visits: len(visits) == 1, seconds=10))
        await times(told)
        assert await waiting
        assert not await told.wait_for(lambda visits: len(visits) == 2, seconds=0.01)


@pytest.mark.parametrize("text", ["", "fail:", "fail:x", "refuse:-1", "FAIL", "a=b=c", "sulk"])
def test_an_order_that_cannot_be_read_is_a_usage_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        ordered(text)


@pytest.mark.parametrize("party", PARTNERS)
async def test_every_party_answers_rubbish_in_its_own_form_and_remembers_nothing(party: str) -> None:
    async with PartnerServer(PARTNERS[party], secret="s") as told:
        for body in (b"", b"\xff\x00", b"[" * 100_000, b'{"a": 1}'):
            async with ClientBuilder().no_proxy().build() as client:
                response = await client.post(told.url).body_bytes(body).build().send()
                assert response.status < 500
                assert await response.bytes()
        assert [visit.accepted for visit in told.visits] == [False] * 4
        assert all(visit.verdict.startswith("refused: ") for visit in told.visits)
