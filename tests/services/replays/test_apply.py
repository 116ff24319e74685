"""Applied again: what is missing or parked lands, what is there stays as it is, and nobody is told unasked."""

from uuid import UUID

from tests.services.processors.conftest import ticketed_body, void_body
from tests.services.replays.conftest import World


async def test_what_is_missing_or_parked_lands_and_a_second_time_changes_nothing(world: World) -> None:
    stage = world.stage
    await world.endpoint()
    world.reader.broken = {"parked"}
    for order_no in ("there", "parked"):
        await stage.send(ticketed_body(order_no, f"T-{order_no}"), order_no=order_no)
    await world.live()
    world.reader.broken = set()
    await stage.send(ticketed_body("missing", "T-missing"), order_no="missing")
    await stage.send(void_body("missing", 0), order_no="missing")
    there = await world.state()

    run = await world.ask("apply")
    async with world.replaying():
        result = (await world.ended(run)).result or {}

    ticketed = {"records": 3, "already_applied": 1, "applied": 2, "redriven": 1, "callbacks": 2}
    shown = {type_: {word: n for word, n in counts.items() if n} for type_, counts in result["by_type"].items()}
    assert shown == {"order.ticketed": ticketed, "order.void": {"records": 1, "applied": 1, "callbacks": 1}}
    after = await world.state()
    for table in ("tickets", "events", "arrivals", "journal", "callbacks"):
        assert set(map(repr, there[table])) <= set(map(repr, after[table])), f"a row of {table} was written anew"
    assert len(after["arrivals"]) == 4
    assert await world.rows("SELECT state, run_id FROM parked") == [("redriven", run.run_id)]
    brought = await world.rows("SELECT run_id, count(*) FROM arrivals GROUP BY run_id ORDER BY run_id NULLS FIRST")
    assert brought == [(None, 1), (run.run_id, 3)]

    again = await world.replay("apply")
    assert {type_: counts["already_applied"] for type_, counts in again["by_type"].items()} == {
        "order.ticketed": 3,
        "order.void": 1,
    }
    assert await world.state() == after


async def test_exactly_what_was_lost_lands_though_batches_are_decoded_ahead(world: World) -> None:
    """Two thirds of the orders are missing, in every batch some."""
    stage = world.stage
    limits = stage.settings.processors.model_copy(update={"batch_records": 6})
    stage.settings = stage.settings.model_copy(update={"processors": limits})
    for number in range(36):
        order_no = f"{'lost' if number % 3 else 'there'}-{number}"
        await stage.send(void_body(order_no, 0), order_no=order_no)
    await world.live()
    known = "SELECT o.order_no, v.order_id FROM void_cases AS v JOIN orders AS o USING (order_id) ORDER BY 1"
    before, arrivals = await world.rows(known), await world.rows("SELECT arrival_id FROM arrivals ORDER BY 1")
    for table in ("callbacks", "journal", "arrivals", "events", "void_statuses", "void_cases", "orders"):
        lost = "SELECT order_id FROM orders WHERE order_no LIKE 'lost-%'"
        await world.pool.execute(f"DELETE FROM {table} WHERE order_id IN ({lost})")
    counts = (await world.replay("apply"))["by_type"]["order.void"]
    assert (counts["records"], counts["applied"], counts["already_applied"]) == (36, 24, 12)
    assert await world.rows(known) == before
    assert await world.rows("SELECT arrival_id FROM arrivals ORDER BY 1") == arrivals


async def test_callbacks_of_a_replay_are_suppressed_visibly_and_hold_up_no_later_one(world: World) -> None:
    endpoint = await world.endpoint()
    await world.stage.send(void_body("A", 0), order_no="A")
    run = await world.ask("apply")
    async with world.replaying():
        await world.ended(run)
    [(suppressed, state, outcome, replay)] = await world.rows(
        "SELECT callback_id, state, outcome, replay FROM callbacks"
    )
    assert (state, outcome, replay) == ("suppressed", f"suppressed by replay {run.run_id}", False)
    await world.stage.send(void_body("A", 2), order_no="A")
    await world.live()
    told = await world.rows("SELECT callback_id, endpoint_id, state FROM callbacks ORDER BY sequence")
    assert [row[1:] for row in told] == [(endpoint, "suppressed"), (endpoint, "pending")]
    assert told[0][0] == suppressed


async def test_emitted_callbacks_have_the_id_that_live_would_have_given_and_say_that_they_are_replays(
    world: World,
) -> None:
    await world.endpoint()
    await world.stage.send(void_body("A", 0), order_no="A")
    await world.live()
    [(live,)] = await world.rows("SELECT callback_id FROM callbacks")
    for table in ("callbacks", "journal", "arrivals", "events", "void_statuses", "void_cases", "orders"):
        await world.pool.execute(f"DELETE FROM {table}")  # as a restored backup would lack it
    await world.replay("apply", callbacks="emit")
    assert await world.rows("SELECT callback_id, state, replay FROM callbacks") == [(live, "pending", True)]


async def test_what_an_operator_discarded_stays_discarded(world: World) -> None:
    world.reader.broken = {"A"}
    await world.stage.send(void_body("A", 0), order_no="A")
    await world.live()
    await world.pool.execute("UPDATE parked SET state = 'discarded'")
    world.reader.broken = set()
    result = await world.replay("apply")
    assert result["by_type"]["order.void"]["discarded"] == 1
    assert await world.rows("SELECT state FROM parked") == [("discarded",)]
    assert await world.stage.count("void_cases") == 0


async def test_what_fails_again_stays_parked_and_what_fails_anew_is_parked_up_to_the_limit(world: World) -> None:
    stage = world.stage
    world.reader.broken = {"A", "B"}
    await stage.send(void_body("A", 0), order_no="A")
    await world.live()
    await stage.send(void_body("B", 0), order_no="B")
    counts = (await world.replay("apply"))["by_type"]["order.void"]
    assert (counts["parked_again"], counts["parked_anew"]) == (1, 1)
    assert await stage.count("parked") == 2


async def test_a_decoder_that_reads_nothing_stops_the_replay_before_it_parks_the_whole_stream(world: World) -> None:
    stage = world.stage
    limits = stage.settings.processors.model_copy(update={"parking_window_records": 10, "batch_records": 4})
    stage.settings = stage.settings.model_copy(update={"processors": limits})
    numbers = [f"O{number}" for number in range(30)]
    world.reader.broken = set(numbers)
    for order_no in numbers:
        await stage.send(void_body(order_no, 0), order_no=order_no)
    run = await world.ask("apply")
    async with world.replaying():
        failed = await world.ended(run, "failed")
    assert "stopped by the parking limit" in failed.error
    assert "hint: see: ticketwire parked groups" in failed.error
    assert await stage.count("parked") <= 5
    world.reader.broken = set()
    await world.replay("apply")
    assert await world.rows("SELECT DISTINCT state FROM parked") == [("redriven",)]
    assert await stage.count("void_cases") == 30


async def test_unrouted_events_whose_type_is_known_by_now_go_to_their_processor(world: World) -> None:
    await world.stage.send(void_body("A", 0), order_no="A", type_="order.void.v2")
    await world.stage.send(ticketed_body("A", "T1"), order_no="A", type_="order.unheard")
    await world.stage.send(b'{"cid": "T", "type": "order.strange", "data": {}}', order_no="A")
    result = await world.replay("apply", {"types": ["unrouted"]})
    counts = {word: n for word, n in result["by_type"]["unrouted"].items() if n}
    assert counts == {"records": 3, "applied": 2, "unrouted": 1}
    assert (await world.stage.count("void_cases"), await world.stage.count("tickets")) == (1, 1)
    assert await world.stage.count("parked") == 0
    again = await world.replay("apply", {"types": ["unrouted"]})
    assert again["by_type"]["unrouted"]["already_applied"] == 2


async def test_an_order_is_replayed_alone(world: World) -> None:
    for order_no in ("A", "B"):
        await world.stage.send(void_body(order_no, 0), order_no=order_no)
    await world.replay("apply", {"order_no": "A"})
    assert await world.rows("SELECT order_no FROM orders") == [("A",)]


async def test_the_run_tells_who_asked_for_what_and_why(world: World) -> None:
    run = await world.ask("apply", {"types": ["order.void"]})
    async with world.replaying():
        ended = await world.ended(run)
    assert (ended.actor, ended.reason, ended.error) == ("ana", "a fix", "")
    assert ended.asked["selection"] == {"types": ["order.void"]}
    assert ended.started_at is not None
    assert isinstance(ended.run_id, UUID)
    assert (ended.lease_until, ended.leased_by) == (None, None)


async def test_regression_what_live_has_not_reached_is_left_to_it(world: World) -> None:
    """It was applied with its callbacks suppressed; live then knew it already, and nobody was ever told."""
    await world.endpoint()
    await world.stage.send(ticketed_body("before", "T-1"), order_no="before")
    await world.live_came_by()
    await world.stage.send(ticketed_body("after", "T-2"), order_no="after")
    result = await world.replay("apply", live_behind=True)
    assert (result["by_type"]["order.ticketed"]["records"], result["not_reached_by_live"]) == (1, 1)
    await world.live()
    told = "SELECT order_no, c.state FROM callbacks c JOIN orders USING (order_id) ORDER BY order_no"
    assert await world.rows(told) == [("after", "pending"), ("before", "suppressed")]


async def test_what_is_in_already_passes_by_without_waiting_for_its_order(world: World) -> None:
    """Replaying a month of which little is missing must not lock every order of that month."""
    await world.stage.send(void_body("A", 0), order_no="A")
    await world.live()
    async with world.pool.acquire() as busy, busy.transaction():
        await busy.execute("SELECT FROM orders FOR UPDATE")
        result = await world.replay("apply")
    assert result["by_type"]["order.void"] == {"records": 1, "already_applied": 1}


async def test_what_landed_by_another_way_leaves_the_list_of_parked_events(world: World) -> None:
    """A release that could not read it parked a record that was in already, as releases of old did."""
    await world.stage.send(void_body("A", 0), order_no="A")
    world.reader.broken = {"A"}
    await world.live()
    await world.pool.execute(
        "INSERT INTO arrivals SELECT (convert_from(decode(h->>1, 'base64'), 'utf8'))::uuid,"
        " gen_random_uuid(), gen_random_uuid(), topic, partition, \"offset\", now(), 'applied', 'old', now()"
        " FROM parked, jsonb_array_elements(headers) AS h WHERE h->>0 = 'ce_id'"
    )
    result = await world.replay("apply")
    assert result["by_type"]["order.void"] == {"records": 1, "already_applied": 1, "redriven": 1}
    assert await world.rows("SELECT state FROM parked") == [("redriven",)]
