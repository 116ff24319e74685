"""What an operator does with the command line, on a running system: test, retry, disable, enable."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.partner_server import PartnerServer, Visit
from dialects.registry import PARTNERS
from tests.services.cli.hub_process import run_to_end, up
from tests.waiting import until

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]


async def said(folder: Path, *words: str) -> Any:
    code, out, err = await run_to_end(folder, *words, "--json")
    assert code == 0, err
    return json.loads(out)


def with_id(visits: list[Visit], webhook_id: str) -> list[Visit]:
    return [visit for visit in visits if visit.request.headers["webhook-id"] == webhook_id]


async def test_a_test_callback_arrives_signed_and_is_sent_again_on_demand(tmp_path: Path) -> None:
    async with up(tmp_path):
        for dialect in ("standard", "atlas"):
            receiver = PartnerServer(PARTNERS[dialect], secret="not yet known")
            await receiver.start()
            words = ("create", dialect, "--to", receiver.url, "--dialect", dialect)
            receiver.credentials = {"secrets": [(await said(tmp_path, "endpoint", *words))["secret"]]}
            started = await said(tmp_path, "endpoint", "test", dialect)
            webhook_id = f"msg_{started['callback_id'].replace('-', '')}"
            assert await receiver.wait_for(bool, seconds=20)
            (first,) = with_id(receiver.visits, webhook_id)
            assert (first.verdict, first.order) == ("accepted", started["order_no"])

            async def delivered(number: int, callback: str = webhook_id) -> Any:
                shown = await said(tmp_path, "callback", "show", callback)
                triggers = [attempt["trigger"] for attempt in shown["attempt_list"]]
                return triggers if shown["state"] == "delivered" and len(triggers) == number else None

            assert await until(lambda: delivered(1), what="the first delivery") == ["test"]
            await said(tmp_path, "callback", "retry", webhook_id)
            assert await until(lambda: delivered(2), what="the second delivery") == ["test", "manual"]
            assert with_id(receiver.visits, webhook_id) == receiver.visits
            assert [visit.accepted for visit in receiver.visits] == [True, True]
            await receiver.stop()


async def test_what_waits_for_a_disabled_endpoint_comes_when_it_is_enabled(tmp_path: Path) -> None:
    async with PartnerServer(PARTNERS["standard"], secret="not yet known") as receiver, up(tmp_path):
        created = await said(tmp_path, "endpoint", "create", "shop", "--to", receiver.url)
        receiver.credentials = {"secrets": [created["secret"]]}
        await said(tmp_path, "endpoint", "disable", "shop")
        await said(tmp_path, "send-sample", "05-void")

        async def waiting() -> Any:
            return (await said(tmp_path, "callback", "list", "--state", "pending"))["callbacks"]

        [callback] = await until(waiting, what="the callback that waits")
        assert receiver.visits == []
        await said(tmp_path, "endpoint", "rotate-secret", "shop")
        await said(tmp_path, "endpoint", "enable", "shop")
        webhook_id = f"msg_{callback['callback_id'].replace('-', '')}"
        assert await receiver.wait_for(bool, seconds=20)
        (came,) = with_id(receiver.visits, webhook_id)
        assert came.accepted, "the old secret signs too, until the next rotation"
