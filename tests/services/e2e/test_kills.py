"""kill -9 of each process under a steady 200 events a second: nothing lost, nothing twice, nobody else restarted."""

import os
import signal
from typing import Any

import pytest

from tests.services.e2e.conftest import Whole
from tests.services.e2e.load import Load, everything_arrived
from tests.waiting import until

SERVICES = ["ingest", "processor-ticketed", "processor-void", "publisher"]


def accepts_again(load: Load, count: int) -> Any:
    before = len(load.accepted)
    return lambda: len(load.accepted) >= before + count


@pytest.mark.parametrize("victim", [*SERVICES[:2], "publisher", "kafka", "postgres"])
async def test_kill_9_under_load_loses_nothing_and_doubles_nothing(whole: Whole, victim: str) -> None:
    path = f"/kill-{victim}"
    endpoint = await whole.endpoint(f"kill-{victim}", path=path, max_in_flight=64)
    pids = {name: whole.child(name).pid for name in SERVICES}
    async with Load(whole, f"kill-{victim}") as load:
        await until(accepts_again(load, 300))
        if victim in ("kafka", "postgres"):
            whole.server(victim).kill()
        else:
            os.kill(pids[victim], signal.SIGKILL)
        await until(accepts_again(load, 400), seconds=40)
    await everything_arrived(load, path)
    now = {name: whole.child(name).pid for name in SERVICES}
    assert {name for name in SERVICES if now[name] != pids[name]} <= {victim}
    await whole.api("DELETE", f"/endpoints/{endpoint['endpoint_id']}")
