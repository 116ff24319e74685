"""Runs: resumed after a kill, left to a successor at a deployment, cancelled, failed in words, and waiting for live."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from replays import runner as runner_module
from replays.live_lane import FLAT_LAG_RECORDS, LiveLane
from replays.runner import Control, RunCancelled
from runtime.errors import InvalidRequest, ServiceUnavailable
from schemas.topics import processor_group, raw_topic
from store.runs import LeaseLost, Run, cancel_run, claim_run, release_run
from tests.services.processors.conftest import void_body
from tests.services.replays.conftest import World
from tests.services.replays.process import replayer_process
from tests.waiting import until

EVENTS = 600


class Doing:
    """A task of a test."""

    kind = "replay"

    def __init__(self, work: Callable[[Run, Control], Awaitable[dict[str, Any]]]) -> None:
        self._work = work

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        return await self._work(run, control)


async def send_many(world: World) -> None:
    """Voids, each of a case of its own, of fifty orders."""
    names = [(f"O{number % 50}", f"V-{number}") for number in range(EVENTS)]
    await asyncio.gather(*(world.stage.send(void_body(order, 0, code=code), order_no=order) for order, code in names))


async def test_kill_9_in_the_middle_is_resumed_by_the_next_one_and_the_result_is_exact(world: World) -> None:
    await world.endpoint()
    await send_many(world)
    run = await world.ask("apply", rate=300)

    async def begun() -> bool:
        return bool((await world.present(run)).progress.get("done", 0) >= EVENTS // 5)

    async with replayer_process(world.stage.settings) as first:
        await until(begun)
        first.kill()
        await first.wait()
    left = (await world.present(run)).progress["done"]
    assert left < EVENTS
    landed = await world.stage.count("arrivals")
    assert landed == left, "the progress stands for what landed, no more and no less"
    async with replayer_process(world.stage.settings):
        ended = await world.ended(run)
    counts = {word: n for word, n in (ended.result or {})["by_type"]["order.void"].items() if n}
    assert counts == {"records": EVENTS, "applied": EVENTS, "callbacks": EVENTS}
    for table in ("arrivals", "void_cases", "journal", "callbacks"):
        assert await world.stage.count(table) == EVENTS, table


async def test_a_replayer_that_is_stopped_leaves_its_run_to_the_next_at_once(world: World) -> None:
    async def work(run: Run, control: Control) -> dict[str, Any]:
        if run.progress:
            return {"went on from": run.progress["done"]}
        await control.checkpoint({"done": 1, "of": 2})
        await asyncio.Event().wait()
        raise AssertionError

    run = await world.ask("apply")
    async with world.replaying(Doing(work)):
        await until(lambda: _progressed(world, run))
    left = await world.present(run)
    assert (left.state, left.leased_by) == ("running", None)
    async with world.replaying(Doing(work)):
        assert (await world.ended(run)).result == {"went on from": 1}


async def test_a_replayer_that_lost_its_lease_changes_nothing_more(world: World) -> None:
    """It was frozen for longer than its lease, say, and another one took the run over."""
    lost: list[BaseException] = []
    taken = asyncio.Event()

    async def work(run: Run, control: Control) -> dict[str, Any]:
        await control.checkpoint({"done": 1, "of": 9})
        await taken.wait()
        try:
            async with control.pool.acquire() as connection, connection.transaction():
                await connection.execute("UPDATE runs SET reason = 'changed by the frozen one'")
                await control.note(connection, {"done": 2, "of": 9})
        except LeaseLost as error:
            lost.append(error)
            raise
        return {}

    run = await world.ask("apply")
    async with world.replaying(Doing(work)) as frozen:
        await until(lambda: _progressed(world, run))
        async with world.pool.acquire() as connection:
            await release_run(connection, run.run_id, worker=frozen.worker)
            await claim_run(connection, kinds=["replay"], worker="another", lease_seconds=60)
        taken.set()
        await until(lambda: lost)
    present = await world.present(run)
    assert (present.state, present.leased_by, present.progress) == ("running", "another", {"done": 1, "of": 9})
    assert present.reason == "a fix"


async def test_a_cancelled_run_stops_at_its_next_batch_and_keeps_what_is_done(world: World) -> None:
    await send_many(world)
    run = await world.ask("apply", rate=100)
    async with world.replaying():
        await until(lambda: _progressed(world, run))
        async with world.pool.acquire() as connection:
            await cancel_run(connection, run.run_id)
        ended = await world.ended(run, "cancelled")
    assert await world.stage.count("arrivals") == ended.progress["done"]


async def test_work_that_never_looks_up_is_cut_off_when_it_is_cancelled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "CANCEL_GRACE_SECONDS", 0.1)

    async def work(run: Run, control: Control) -> dict[str, Any]:
        await control.checkpoint({"done": 1, "of": 2})
        await asyncio.Event().wait()
        raise AssertionError

    run = await world.ask("apply")
    async with world.replaying(Doing(work)):
        await until(lambda: _progressed(world, run))
        async with world.pool.acquire() as connection:
            await cancel_run(connection, run.run_id)
        await world.ended(run, "cancelled")


async def test_what_waiting_cures_fails_no_run_and_is_said_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "_OUTAGE_PAUSE_SECONDS", 0.3)
    tries: list[str] = []

    async def work(run: Run, control: Control) -> dict[str, Any]:
        tries.append(run.error)
        if len(tries) == 1:
            raise ServiceUnavailable("Kafka cannot be read")
        return {"tries": len(tries)}

    run = await world.ask("apply")
    async with world.replaying(Doing(work)):
        waiting = await until(lambda: _says(world, run, "waits: Kafka cannot be read"))
        assert waiting.state == "running"
        ended = await world.ended(run)
    assert (ended.result, ended.error) == ({"tries": 2}, "")


async def test_a_failed_run_says_why_and_never_what_it_choked_on(world: World) -> None:
    async def refuses(run: Run, control: Control) -> dict[str, Any]:
        raise InvalidRequest("topic t has no partition 9", hint="it has 0 to 3")

    async def breaks(run: Run, control: Control) -> dict[str, Any]:
        raise KeyError("passport E1234567")

    async def cuts_itself_off(run: Run, control: Control) -> dict[str, Any]:
        raise asyncio.CancelledError

    says = {
        refuses: "topic t has no partition 9\n  hint: it has 0 to 3",
        breaks: f"KeyError at {__name__}:",
        cuts_itself_off: "RuntimeError at replays.runner:",
    }
    for work, words in says.items():
        run = await world.ask("apply")
        async with world.replaying(Doing(work)):
            failed = await world.ended(run, "failed")
        assert failed.error.startswith(words)
        assert "E1234567" not in failed.error


async def test_a_run_of_another_mode_or_a_later_kind_is_not_mistaken_for_ours(world: World) -> None:
    run = await world.ask("backwards")
    async with world.replaying():
        failed = await world.ended(run, "failed")
    assert failed.error == "there is no replay of mode 'backwards'\n  hint: known: dry-run, apply"
    await world.pool.execute("UPDATE runs SET state = 'requested', kind = 'of-tomorrow', finished_at = NULL")
    other = await world.ask("dry-run")
    async with world.replaying():
        await world.ended(other)
    assert (await world.present(run)).state == "requested"


async def test_what_may_be_forgotten_is_told_once_in_a_while(world: World) -> None:
    run = await world.ask("apply", rate=0)
    await world.pool.execute("UPDATE runs SET state = 'running', leased_by = 'w'")
    control = Control(run, pool=world.pool, worker="w", lane=LiveLane(world.stage.settings.kafka), rate=0)
    for done in (1, 2, 3):
        await control.tell({"done": done})
    assert (await world.present(run)).progress == {"done": 1}
    await control.checkpoint({"done": 4})
    assert (await world.present(run)).progress == {"done": 4}


async def test_a_rate_is_kept(world: World) -> None:
    run = await world.ask("apply", rate=400)
    lane = LiveLane(world.stage.settings.kafka)
    control = Control(run, pool=world.pool, worker="w", lane=lane, rate=1e9)
    assert (control.batch_records(500), control.batch_records(10)) == (20, 10)
    begun = time.monotonic()
    for _ in range(4):
        await control.pace(50)
    assert time.monotonic() - begun >= 0.5
    await control.pace(0, looked_at=40)
    assert time.monotonic() - begun >= 0.6, "a rate that was asked for holds for what is only looked at, too"

    unasked = Control(await world.ask("apply", rate=None), pool=world.pool, worker="w", lane=lane, rate=400)
    assert (unasked.batch_records(500), unasked.batch_records(500, only_looks=True)) == (20, 500)
    begun = time.monotonic()
    await unasked.pace(0, looked_at=400_000)
    assert time.monotonic() - begun < 100
    await lane.close()


class Group:
    """The live group of the voids, as it commits."""

    def __init__(self, world: World) -> None:
        kafka = world.stage.settings.kafka
        self.places = [TopicPartition(raw_topic(kafka.topic_prefix, "order.void"), number) for number in range(4)]
        self._client = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers,
            group_id=processor_group(kafka.topic_prefix, "void"),
            enable_auto_commit=False,
        )

    async def __aenter__(self) -> "Group":
        await self._client.start()
        self._client.assign(self.places)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def commit(self, *, behind: int) -> None:
        """Say that all but so many of the records are done."""
        ends = await self._client.end_offsets(self.places)
        offsets = {}
        for place, end in ends.items():
            offsets[place] = end - min(behind, end)
            behind -= min(behind, end)
        await self._client.commit(offsets)


async def test_runs_wait_while_live_works_on_a_backlog_and_not_for_a_live_that_stands_still(world: World) -> None:
    await send_many(world)
    lane = LiveLane(world.stage.settings.kafka)
    async with Group(world) as live:
        await live.commit(behind=EVENTS)
        looks: list[int] = []
        waiting = asyncio.create_task(lane.let_live_go_first(lambda: looks.append(1)))
        for behind in (EVENTS - 100, EVENTS - 200):
            await until(lambda: looks)
            looks.clear()
            await live.commit(behind=behind)
        assert not waiting.done()
        await live.commit(behind=FLAT_LAG_RECORDS)
        await asyncio.wait_for(waiting, 2)

        await live.commit(behind=EVENTS)
        standing = LiveLane(world.stage.settings.kafka)
        begun = time.monotonic()
        await standing.let_live_go_first(lambda: None)
        assert 2 < time.monotonic() - begun < 4.5
        standing._looked_at = 0
        begun = time.monotonic()
        await standing.let_live_go_first(lambda: None)
        assert time.monotonic() - begun < 1
        await standing.close()

        def cancelled() -> None:
            raise RunCancelled

        lane._looked_at = 0
        with pytest.raises(RunCancelled):
            await lane.let_live_go_first(cancelled)
    await lane.close()


async def _progressed(world: World, run: Run) -> bool:
    return bool((await world.present(run)).progress.get("done"))


async def _says(world: World, run: Run, words: str) -> Run | None:
    present = await world.present(run)
    return present if words in present.error else None
