"""Redrives: what lands leaves the list, what fails again is counted, once each, whoever dies on the way."""

from collections.abc import Sequence
from uuid import uuid4

from replays.redrive import RedriveTask
from schemas.identity import order_id
from schemas.parked_selection import ParkedSelection
from store.console_orders import read_timeline
from store.redrives import discard
from store.runs import Run
from tests.services.processors.conftest import WIRE_FORMS
from tests.services.processors.test_batch import TOO_LONG_FOR_AN_INDEX, endpoint
from tests.services.redrives.conftest import Bench, Reader
from tests.waiting import until

EVERYTHING = ParkedSelection()


def task(bench: Bench) -> RedriveTask:
    return RedriveTask(bench.settings, dialects=bench.dialects, wire_forms=WIRE_FORMS)


async def redrive(bench: Bench, selection: ParkedSelection = EVERYTHING, **asked: object) -> dict[str, object]:
    run = await bench.ask("redrive", selection, **asked)
    async with bench.replaying(task(bench)):
        return await bench.ended(run)


async def applied(bench: Bench) -> Sequence[str]:
    return [row[0] for row in await bench.rows("SELECT order_no FROM orders ORDER BY order_no")]


async def test_what_lands_leaves_the_list_and_is_told_as_a_live_event_is(bench: Bench) -> None:
    await endpoint(bench.pool)
    await bench.park("A", "B", "C")
    assert (await redrive(bench))["landed"] == 3
    assert await bench.parked_states() == {"redriven": 3}
    assert await applied(bench) == ["A", "B", "C"]
    assert await bench.rows("SELECT state, replay, count(*) FROM callbacks GROUP BY 1, 2") == [("pending", False, 3)]
    [run] = await bench.rows("SELECT run_id FROM runs")
    assert await bench.rows("SELECT DISTINCT run_id FROM parked WHERE settled_at IS NOT NULL") == [run]
    noted = await bench.rows("SELECT actor, action, reason, order_id, details, run_id FROM operator_actions")
    assert {row[3] for row in noted} == {order_id("atlas", name) for name in "ABC"}
    assert {row[:3] for row in noted} == {("ana", "redrive", "mended")}
    assert all(row[4:] == ({"landed": True}, *run) for row in noted)


async def test_the_orders_timeline_says_which_run_landed_its_event(bench: Bench) -> None:
    await bench.park("A")
    await redrive(bench)
    [(run,)] = await bench.rows("SELECT run_id FROM runs")
    async with bench.pool.acquire() as connection:
        told = await read_timeline(
            connection, order_id("atlas", "A"), order_no="A", source="atlas", after=(None, None, None), limit=100
        )
    by = {entry["kind"]: entry["entry"].get("run_id") for entry in told}
    assert by["arrival"] == by["parked"] == by["action"] == str(run)
    assert [entry["id"] for entry in told if entry["kind"] == "run"] == [str(run)]


async def test_a_record_read_again_after_its_redrive_changes_nothing_nor_the_other_way_round(bench: Bench) -> None:
    await endpoint(bench.pool)
    redriven, replayed = await bench.park("A"), await bench.park("B")
    assert (await bench.take(replayed)).result.redelivered == 0, "it lands by being read again"
    assert (await redrive(bench))["landed"] == 2
    once = await bench.rows("SELECT order_id, version FROM journal ORDER BY 1, 2")
    assert (await bench.take([*redriven, *replayed])).result.redelivered == 2
    assert await bench.rows("SELECT order_id, version FROM journal ORDER BY 1, 2") == once
    assert await bench.rows("SELECT count(*), count(DISTINCT event_id) FROM callbacks") == [(2, 2)]


async def test_what_fails_again_stays_with_its_new_reason_and_is_counted(bench: Bench) -> None:
    await bench.park("A", "B")
    [(before,)] = await bench.rows("SELECT DISTINCT fingerprint FROM parked")
    bench.reader = Reader({"B": "still not, for another reason"})
    result = await redrive(bench)
    assert (result["landed"], result["failed"], result["failed_by_reason"]) == (1, 1, {"broken-release": 1})
    assert await redrive(bench) == {**result, "landed": 0}
    rows = await bench.rows(
        "SELECT redrive_count, last_failed_at > parked_at, detail, fingerprint = $1 FROM parked WHERE state = 'parked'",
        before,
    )
    assert rows == [(2, True, "still not, for another reason", False)]


async def test_one_that_postgres_refuses_keeps_none_of_its_batch_back(bench: Bench) -> None:
    await bench.park("A", TOO_LONG_FOR_AN_INDEX, "B", "C")
    result = await redrive(bench)
    assert await applied(bench) == ["A", "B", "C"], result
    assert (result["landed"], result["failed_by_reason"]) == (3, {"data-refused": 1})


async def test_a_canary_that_fails_leaves_the_rest_and_says_so(bench: Bench) -> None:
    orders = [f"O-{number:02d}" for number in range(30)]
    await bench.park(*orders)
    bench.reader = Reader({"O-03": "still broken", "O-20": "still broken"})
    result = await redrive(bench, canary=5)
    assert result["stopped"] == "1 of the first 5 failed again: mend that, then redrive the rest"
    assert (result["landed"], result["failed"], result["left"]) == (4, 1, 25)
    assert await bench.parked_states() == {"parked": 26, "redriven": 4}
    bench.reader = Reader({"O-20": "still broken"})
    result = await redrive(bench, canary=5)
    assert (result["stopped"], result["landed"], result["failed"], result["left"]) == ("", 25, 1, 0)


async def test_only_what_is_selected_is_redriven(bench: Bench) -> None:
    await bench.park("A", "B", why="one thing")
    await bench.park("C", "D", why="another thing")
    ids = await bench.parked_ids()
    [(group,)] = await bench.rows("SELECT fingerprint FROM parked WHERE detail = 'another thing' LIMIT 1")
    await redrive(bench, ParkedSelection(fingerprint=group, order_no="C"))
    assert await applied(bench) == ["C"]
    await redrive(bench, ParkedSelection(ids=(ids[0], uuid4())))
    assert await applied(bench) == ["A", "C"]
    assert (await redrive(bench, ParkedSelection(processor="void")))["landed"] == 0


async def test_what_was_parked_after_the_wish_is_not_meant(bench: Bench) -> None:
    await bench.park("A")
    run = await bench.ask("redrive")
    await bench.park("B")
    async with bench.replaying(task(bench)):
        assert (await bench.ended(run))["landed"] == 1
    assert await applied(bench) == ["A"]


async def test_a_redrive_cut_off_goes_on_with_the_next_replayer_and_does_nothing_twice(bench: Bench) -> None:
    await bench.park(*(f"O-{number:02d}" for number in range(12)))
    run = await bench.ask("redrive", canary=5, rate=0.1)

    async def begun() -> bool:
        return (await bench.present(run)).progress.get("done") == 5

    async with bench.replaying(task(bench)):
        await until(begun, what="the canary")
    assert await bench.parked_states() == {"parked": 7, "redriven": 5}
    await bench.pool.execute("UPDATE runs SET asked = asked || '{\"rate\": 0}'")
    async with bench.replaying(task(bench)):
        assert (await bench.ended(run))["landed"] == 12
    assert await bench.rows("SELECT count(*), count(DISTINCT subject_id) FROM operator_actions") == [(12, 12)]
    assert await bench.rows("SELECT count(*) FROM journal") == [(12,)]


async def test_one_that_is_discarded_meanwhile_is_not_applied(bench: Bench) -> None:
    await bench.park("A", "B")
    ids = await bench.parked_ids()
    async with bench.replaying(task(bench)):
        async with bench.pool.acquire() as connection, connection.transaction():
            [gone] = await discard(connection, ParkedSelection(ids=(ids[0],)), reason="a test event", limit=10)
            run = await bench.ask("redrive")

            async def waits() -> bool:
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                return bool(await bench.pool.fetchval(waiting))

            await until(waits, what="the redrive, waiting for the discard")
        result = await bench.ended(run)
    assert (gone.order_no, result["landed"], await applied(bench)) == ("A", 1, ["B"])
    assert await bench.parked_states() == {"discarded": 1, "redriven": 1}


async def test_a_redrive_is_cancelled_between_batches(bench: Bench) -> None:
    await bench.park(*(f"O-{number:02d}" for number in range(8)))
    run: Run = await bench.ask("redrive", canary=3, rate=1)

    async def begun() -> bool:
        return (await bench.present(run)).progress.get("done") == 3

    async with bench.replaying(task(bench)):
        await until(begun, what="the canary")
        await bench.pool.execute("UPDATE runs SET cancel_requested = true")
        await bench.ended(run, "cancelled")
    assert await bench.parked_states() == {"parked": 5, "redriven": 3}


async def test_events_of_a_processor_that_is_gone_are_told_apart(bench: Bench) -> None:
    await bench.park("A")
    await bench.pool.execute("UPDATE parked SET processor = 'retired'")
    result = await redrive(bench)
    assert result["failed_by_reason"] == {"processor-unknown": 1}
    assert await bench.rows("SELECT state, redrive_count, reason FROM parked") == [("parked", 1, "processor-unknown")]
