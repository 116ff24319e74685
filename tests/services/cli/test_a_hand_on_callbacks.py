"""What an operator does with the command line, on a running system: test, retry, disable, enable."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.demo_receiver import DemoReceiver
from tests.services.cli.hub_process import run_to_end, up
from tests.waiting import until

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]


async def said(folder: Path, *words: str) -> Any:
    code, out, err = await run_to_end(folder, *words, "--json")
    assert code == 0, err
    return json.loads(out)


async def test_a_test_callback_arrives_signed_and_is_sent_again_on_demand(tmp_path: Path) -> None:
    receiver = DemoReceiver()
    await receiver.start()
    async with up(tmp_path):
        for dialect in ("standard", "atlas"):
            words = ("create", dialect, "--to", receiver.url(dialect), "--dialect", dialect)
            receiver.secrets[dialect] = (await said(tmp_path, "endpoint", *words))["secret"]
            started = await said(tmp_path, "endpoint", "test", dialect)
            webhook_id = f"msg_{started['callback_id'].replace('-', '')}"
            first = await receiver.wait_for(dialect, webhook_id, seconds=20)
            assert first is not None
            assert first.verified, first.why
            assert started["order_no"].encode() in first.body

            async def delivered(number: int, callback: str = webhook_id) -> Any:
                shown = await said(tmp_path, "callback", "show", callback)
                triggers = [attempt["trigger"] for attempt in shown["attempt_list"]]
                return triggers if shown["state"] == "delivered" and len(triggers) == number else None

            assert await until(lambda: delivered(1), what="the first delivery") == ["test"]
            await said(tmp_path, "callback", "retry", webhook_id)
            assert await until(lambda: delivered(2), what="the second delivery") == ["test", "manual"]
            calls = [call for call in receiver.received if call.endpoint == dialect]
            assert [(call.webhook_id, call.verified) for call in calls] == [(webhook_id, True)] * 2
    await receiver.stop()


async def test_what_waits_for_a_disabled_endpoint_comes_when_it_is_enabled(tmp_path: Path) -> None:
    receiver = DemoReceiver()
    await receiver.start()
    async with up(tmp_path):
        created = await said(tmp_path, "endpoint", "create", "shop", "--to", receiver.url("shop"))
        receiver.secrets["shop"] = created["secret"]
        await said(tmp_path, "endpoint", "disable", "shop")
        await said(tmp_path, "send-sample", "05-void")

        async def waiting() -> Any:
            return (await said(tmp_path, "callback", "list", "--state", "pending"))["callbacks"]

        [callback] = await until(waiting, what="the callback that waits")
        assert receiver.received == []
        await said(tmp_path, "endpoint", "rotate-secret", "shop")
        await said(tmp_path, "endpoint", "enable", "shop")
        webhook_id = f"msg_{callback['callback_id'].replace('-', '')}"
        came = await receiver.wait_for("shop", webhook_id, seconds=20)
        assert came is not None
        assert came.verified, "the old secret signs too, until the next rotation"
    await receiver.stop()
