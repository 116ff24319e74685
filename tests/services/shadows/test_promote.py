"""A promotion takes over what the shadow showed, and nothing else; nobody is told twice."""

import re
from typing import Any

import pytest

from dialects.contract import ReadEvent
from replays.promote import PromoteTask
from replays.promote_order import MOVED_ON
from replays.shadow import ShadowTask
from runtime.errors import NotFound
from store.pool import statement
from tests.services.processors.conftest import WIRE_FORMS, ticketed_body, void_body
from tests.services.shadows.conftest import Dies, Hand, World, fill, other_event, same_event, unreadable

BENT = {"O1": same_event, "O3": other_event, "O5": unreadable}


async def test_after_a_promotion_live_is_what_the_present_code_makes_of_kafka(world: World) -> None:
    world.bends.update(BENT)
    await fill(world, 6, voids=True)
    await world.live()
    owed_before = await world.stage.count("callbacks")
    await world.pool.execute("UPDATE callbacks SET state = 'delivered'")
    run, _ = await world.shadow()
    assert await world.promote(run) == {"promoted": 3, "skipped": [], "parked_of_no_order": 0}
    assert await world.schemas() == 0
    rebuilt = await world.rebuild()
    assert (rebuilt["equal"], rebuilt["differing_orders"]) == (True, 0)
    assert all(table["equal"] for table in rebuilt["tables"])
    tickets = await world.pool.fetch("SELECT ticket_number FROM tickets ORDER BY 1")
    assert [row[0] for row in tickets] == [f"T{number}-{place}" for number in range(6) for place in (1, 2)]
    assert {row[0] for row in await world.pool.fetch("SELECT state FROM parked")} == {"redriven"}
    states = await world.pool.fetch("SELECT state FROM callbacks WHERE state <> 'delivered'")
    assert [row[0] for row in states] == ["suppressed"] * 6
    assert await world.stage.count("callbacks") == owed_before + 6
    landed = await world.pool.fetch(
        "SELECT order_no FROM arrivals JOIN orders USING (order_id) WHERE run_id IS NOT NULL"
    )
    assert [row[0] for row in landed] == ["O5", "O5"]
    actions = await world.pool.fetch("SELECT actor, action, subject_id, reason FROM operator_actions ORDER BY 3")
    assert [tuple(row) for row in actions] == [("tester", "promote", order, "a fix") for order in ("O1", "O3", "O5")]


async def test_a_second_shadow_after_the_promotion_shows_no_difference(world: World) -> None:
    world.bends.update(BENT)
    await fill(world, 6)
    await world.live()
    run, _ = await world.shadow()
    await world.promote(run)
    after = await world.state()
    again, result = await world.shadow()
    assert (result["differing_orders"], result["callbacks"]) == (0, 0)
    assert (await world.promote(again))["promoted"] == 0
    assert await world.state() == after


async def test_callbacks_are_emitted_on_request_and_say_that_they_are_replays(world: World) -> None:
    world.bends.update(BENT)
    await fill(world, 6)
    await world.live()
    await world.pool.execute("UPDATE callbacks SET state = 'delivered'")
    run, shown = await world.shadow()
    await world.promote(run, callbacks="emit")
    rows = await world.pool.fetch("SELECT state, replay FROM callbacks WHERE state <> 'delivered'")
    assert [tuple(row) for row in rows] == [("pending", True)] * 3
    assert len(rows) == shown["callbacks"]


async def test_what_was_still_unsent_is_said_right_in_its_place(world: World) -> None:
    """The channel was owed a word, so the superseded one is cancelled and the right one takes its place in the
    queue, behind the order's void, though the promotion suppresses its callbacks."""
    world.bends.update({"O0": other_event, "O1": same_event})
    await fill(world, 2, voids=True)
    await world.live()
    run, _ = await world.shadow(types=["order.ticketed"])
    await world.promote(run)
    rows = await world.pool.fetch(
        "SELECT c.state, e.content #>> '{passengers,0,ticket_numbers,0}' AS ticket, e.superseded_by IS NULL AS counts"
        " FROM callbacks AS c JOIN events AS e USING (event_id) WHERE e.type = 'order.ticketed' ORDER BY 2, 1, 3"
    )
    assert [tuple(row) for row in rows] == [
        ("cancelled", "BENT", False),
        ("queued", "T0-1", True),
        ("cancelled", "T1-1", True),
        ("queued", "T1-1", True),
    ]


async def test_an_order_that_live_changed_since_is_left_alone_and_named(world: World) -> None:
    world.bends.update({"O0": same_event, "O1": same_event})
    await fill(world, 3)
    await world.live()
    run, _ = await world.shadow()
    await world.stage.send(ticketed_body("O1", "NEW"), order_no="O1")
    world.bends.clear()
    await world.live()
    result = await world.promote(run)
    assert result["promoted"] == 1
    assert result["skipped"] == [{"why": MOVED_ON, "orders": 1, "first_orders": ["O1"]}]
    assert await world.pool.fetchval("SELECT count(*) FROM tickets WHERE ticket_number = 'NEW'") == 1
    again, shown = await world.shadow()
    assert shown["differing_orders"] == 1
    await world.promote(again)
    assert (await world.rebuild())["equal"]


async def test_one_more_arrival_of_an_event_keeps_its_order_from_being_promoted(world: World) -> None:
    """It is an arrival outside the shadow's range, of an event that the promotion would supersede."""
    world.bends["O0"] = other_event
    await fill(world, 1)
    await world.live()
    run, _ = await world.shadow()
    await world.stage.send(ticketed_body("O0", "T0-1", "T0-2"), order_no="O0")
    await world.live()
    assert await world.stage.count("events") == 1
    assert (await world.promote(run))["skipped"][0]["orders"] == 1


async def test_later_events_fold_onto_the_promoted_state(world: World) -> None:
    world.bends["O0"] = other_event
    await fill(world, 1, voids=True)
    await world.live()
    run, _ = await world.shadow()
    await world.promote(run)
    world.bends.clear()
    await world.stage.send(void_body("O0", 2), order_no="O0")
    await world.stage.send(ticketed_body("O0", "T0-1", "T0-2"), order_no="O0")
    await world.live()
    assert (await world.rebuild())["equal"]
    assert await world.pool.fetchval("SELECT status FROM void_cases") == 2
    verdicts = await world.pool.fetch("SELECT verdict FROM arrivals ORDER BY arrived_at DESC LIMIT 1")
    assert verdicts[0][0] == "repeat"


async def test_what_the_present_code_cannot_read_any_more_is_parked(world: World) -> None:
    await fill(world, 2)
    await world.live()
    run = await world.run("replay", {"mode": "shadow", "selection": {}})
    bends = {"O1": unreadable}
    shown = await ShadowTask(world.bench(bends)).run(run, Hand(world.pool))
    assert (shown["parks"], shown["differing_orders"], shown["callbacks"]) == (1, 1, 0)
    await world.promote(run.run_id)
    assert await world.pool.fetchval("SELECT count(*) FROM parked WHERE state = 'parked'") == 1
    assert await world.pool.fetchval("SELECT count(*) FROM tickets") == 2
    assert (await world.rebuild(bends))["equal"]
    back, _ = await world.shadow()
    await world.promote(back)
    assert (await world.rebuild())["equal"]


@pytest.mark.parametrize("dies_after", [1, 2, 4])
async def test_runs_that_die_anywhere_go_on_and_end_the_same(
    world: World, dies_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replays.promote.ORDERS_AT_ONCE", 2)
    monkeypatch.setattr("replays.shadow.ORDERS_AT_ONCE", 4)
    monkeypatch.setattr("replays.fold.BATCH_RECORDS", 3)
    world.bends.update(BENT | {"O6": same_event, "O7": other_event})
    await fill(world, 8)
    await world.live()
    run = await world.run("replay", {"mode": "shadow", "selection": {}})
    task = ShadowTask(world.bench())
    shown = await dies_and_goes_on(task, run, Hand(world.pool, dies_after))
    assert (shown["records"], shown["orders"], shown["differing_orders"]) == (8, 8, 5)
    promotion = await world.run("promote", {"run": str(run.run_id), "callbacks": "suppress"})
    result = await dies_and_goes_on(PromoteTask(WIRE_FORMS), promotion, Hand(world.pool, dies_after))
    assert result["promoted"] == 5
    assert await world.stage.count("operator_actions") == 5
    assert (await world.rebuild())["equal"]


async def dies_and_goes_on(task: Any, run: Any, hand: Hand) -> Any:
    try:
        return await task.run(run, hand)
    except Dies:
        progress = hand.checkpoints[-1]
    run.progress.update(progress)
    return await task.run(run, Hand(hand.pool))


async def test_a_shadow_that_is_gone_cannot_be_promoted_and_it_says_why(world: World) -> None:
    run = await world.run("replay", {"mode": "shadow", "selection": {}})
    with pytest.raises(NotFound, match="has no shadow"):
        await world.promote(run.run_id)


def other_order(raw: Any, read: ReadEvent) -> ReadEvent:
    del raw
    return ReadEvent(read.content.model_copy(update={"order_no": "WRONG"}), b"w" + read.digest)


async def test_orders_named_by_the_fix_move_their_events(world: World) -> None:
    """A decoder that read order numbers wrongly: one order loses its event, another gains it."""
    world.bends["O0"] = other_order
    await fill(world, 1)
    await world.live()
    run, shown = await world.shadow()
    assert shown["differing_orders"] == 2
    assert (await world.promote(run))["promoted"] == 2
    orders = await world.pool.fetch("SELECT order_no FROM orders JOIN tickets USING (order_id) GROUP BY 1")
    assert [row[0] for row in orders] == ["O0"]
    assert (await world.rebuild())["equal"]


@pytest.mark.parametrize(
    ("name", "table", "left_to_their_defaults"),
    [
        ("promote_events", "events", {"first_seen_at", "superseded_by"}),
        ("promote_arrivals", "arrivals", {"processed_at"}),
        (
            "promote_parked",
            "parked",
            {"state", "parked_at", "settled_at", "settled_reason", "run_id", "redrive_count", "last_failed_at"},
        ),
    ],
)
async def test_a_promotion_forgets_no_column_of_what_it_takes_over(
    world: World, name: str, table: str, left_to_their_defaults: set[str]
) -> None:
    """One that a later migration adds has to be thought of here."""
    rows = await world.pool.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
    named = re.findall(r"\w+", statement(name).split("(", 1)[1].split(")", 1)[0])
    assert {row[0] for row in rows} - set(named) == left_to_their_defaults
