"""`up` and `demo` as a user meets them: ready, restarted, stopped, and nothing left behind."""

import json
import os
import signal
from pathlib import Path

import asyncpg
import psutil
import pytest

from cli.sample_list import samples
from dialects.registry import CALLERS, OUTBOUND
from processors.registry import PROCESSORS
from tests.services.cli.hub_process import run_to_end, up
from tests.waiting import until

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]


PROCESSES = [f"processor-{name}" for name in PROCESSORS]


def gone(family: list[psutil.Process]) -> bool:
    """Whether all of them ended; one that waits to be noticed by its parent has ended too."""
    return not any(lives(one) for one in family)


def lives(one: psutil.Process) -> bool:
    try:
        return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


async def test_up_is_ready_lets_itself_be_used_and_stops_cleanly(tmp_path: Path) -> None:
    async with up(tmp_path) as hub:
        family = hub.family()
        assert {service["name"] for service in hub.told["services"]} == {
            *("ingest", "publisher", "replayer", "console", *PROCESSES)
        }
        niceness = {name: psutil.Process(hub.pid_of(name)).nice() for name in ("ingest", "replayer")}
        assert niceness["replayer"] > niceness["ingest"], "live events go first where cores are short"
        for words in (
            ("doctor", "--json"),
            ("endpoint", "create", "shop", "--to", "http://127.0.0.1:9/", "--json"),
            ("send-sample", "01-typical", "--json"),
        ):
            code, out, err = await run_to_end(tmp_path, *words)
            assert code == 0, (words, out, err)
            assert json.loads(out)

        async def applied() -> bool:
            _, out, _ = await run_to_end(tmp_path, "callback", "list", "--json")
            return len(json.loads(out)["callbacks"]) == 1

        await until(applied, what="the callback that is owed")
        code, _, err = await run_to_end(tmp_path, "up")
        assert (code, "runs already" in err) == (1, True)
        hub.process.send_signal(signal.SIGTERM)
        _, err_bytes = await hub.process.communicate()
        assert hub.process.returncode == 0
    stopped = [
        line.split()[1] for line in err_bytes.decode().splitlines() if line.startswith("stopping ") and "(" not in line
    ]
    assert stopped == ["ingest", *PROCESSES, "publisher", "replayer", "console"]
    await until(lambda: gone(family), what="the end of every process")
    assert not (tmp_path / ".ticketwire" / "up.json").exists()
    assert b"Traceback" not in err_bytes


async def test_a_second_start_finds_what_the_first_one_left(tmp_path: Path) -> None:
    async with up(tmp_path) as hub:
        first = hub.told
        await run_to_end(tmp_path, "endpoint", "create", "shop", "--to", "http://127.0.0.1:9/")
    async with up(tmp_path) as hub:
        assert hub.told["admin_token"] == first["admin_token"]
        _, out, _ = await run_to_end(tmp_path, "endpoint", "list", "--json")
        assert [(one["name"], one["secrets_readable"]) for one in json.loads(out)] == [("shop", True)]


async def test_killed_children_are_started_again(tmp_path: Path) -> None:
    async with up(tmp_path) as hub:
        for name in ("publisher", "console"):
            before = hub.pid_of(name)
            os.kill(before, signal.SIGKILL)
            assert "SIGKILL" in await hub.hear(f"{name} ended")

            def renewed(name: str = name, before: int = before) -> bool:
                return hub.pid_of(name) not in {0, before}

            await until(renewed, what=f"a new {name}")

        async def well() -> bool:
            code, out, _ = await run_to_end(tmp_path, "doctor", "--json")
            return code == 0 and len(json.loads(out)) > 5

        await until(well, what="a doctor without complaints")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
async def test_nothing_stays_behind_when_up_is_killed_or_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    async with up(tmp_path) as hub:
        family = hub.family()
        assert len(family) > 8
        hub.process.send_signal(number)
        await until(lambda: gone(family), seconds=60, what="the end of every process")
        if number == signal.SIGKILL:
            # What it left behind fools nobody.
            code, _, err = await run_to_end(tmp_path, "order", "list")
            assert (code, "no `ticketwire up` runs here" in err) == (2, True)


async def test_up_stands_on_the_servers_that_the_settings_name(
    tmp_path: Path, kafka_bootstrap: str, database_dsn: str, topic_prefix: str
) -> None:
    said = {
        "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": kafka_bootstrap,
        "TICKETWIRE_KAFKA__TOPIC_PREFIX": topic_prefix,
        "TICKETWIRE_POSTGRES__DSN": database_dsn,
    }
    async with up(tmp_path, **said) as hub:
        assert (hub.told["kafka"], hub.told["postgres"]) == (kafka_bootstrap, database_dsn)
        assert not (tmp_path / ".ticketwire" / "kafka").exists()
        await run_to_end(tmp_path, "send-sample", "05-void", **said)
        connection = await asyncpg.connect(database_dsn)
        await until(lambda: connection.fetchval("SELECT count(*) FROM void_cases"), what="the void case")
        await connection.close()


async def test_a_service_that_cannot_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    code, _, err = await run_to_end(tmp_path, "up", TICKETWIRE_SOURCES='{"atlas": {"dialect": "atlass"}}')
    assert code == 2
    assert "ingest refused to start" in err
    assert "'atlas'" in err
    assert "Traceback" not in err


async def test_the_demo_checks_every_sample_in_every_dialect_and_leaves_nothing(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    left_behind = scratch / "ticketwire-demo-killed"
    left_behind.mkdir(parents=True)
    (left_behind / "up.lock").touch()
    code, out, err = await run_to_end(tmp_path, "demo", "--exit", "--json", TMPDIR=str(scratch))
    assert code == 0, err
    results = json.loads(out)
    sources = {sample.name: sample.source for sample in samples() if sample.source in CALLERS}
    wanted = {(s.name, s.order_no, dialect) for s in samples() for dialect in s.told}
    wanted |= {(s.name, s.order_no, s.source) for s in samples() if s.source in CALLERS}
    assert {(result["sample"], result["order_no"], result["dialect"]) for result in results} == wanted
    assert len(results) == len(wanted)
    assert {result["dialect"] for result in results} == set(OUTBOUND)
    served = [result for result in results if result["dialect"] == sources.get(result["sample"])]
    assert all(result["ok"] for result in results)
    assert all(result["verdict"].startswith("answered {") for result in served)
    assert all(result["verdict"] == "accepted" for result in results if result not in served)
    assert all(set(result) == {"sample", "order_no", "dialect", "verdict", "ok"} for result in results)
    assert not list(scratch.iterdir())
    assert not (tmp_path / ".ticketwire").exists()
