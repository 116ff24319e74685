"""A rebuild tells what is different, and nothing else: not lag, not retention, not the hub's own events."""

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from publishers.give_up import ExhaustedVoid, VoidRejection
from replays.promote import REFUSED
from schemas.topics import raw_topic
from tests.services.processors.conftest import WIRE_FORMS, ticketed_body, void_body
from tests.services.shadows.conftest import World, fill, same_event, unreadable


async def test_a_row_that_was_changed_by_hand_and_one_that_is_gone_are_named(world: World) -> None:
    await fill(world, 6)
    await world.live()
    await world.pool.execute("UPDATE tickets SET ticket_number = 'HAND' WHERE ticket_number = 'T2-1'")
    await world.pool.execute("DELETE FROM pnrs WHERE locator = 'T4-1'")
    before = await world.state()
    result = await world.rebuild()
    assert (result["equal"], result["differing_orders"], sorted(result["first_orders"])) == (False, 2, ["O2", "O4"])
    assert {table["table"] for table in result["tables"] if not table["equal"]} == {"tickets", "pnrs"}
    assert await world.state() == before
    assert await world.schemas() == 0


async def test_rows_that_were_changed_by_hand_are_mended_without_a_word_to_anybody(world: World) -> None:
    await fill(world, 3, voids=True)
    await world.live()
    before = await world.state()
    await world.pool.execute("UPDATE tickets SET ticket_number = 'HAND' WHERE ticket_number = 'T2-1'")
    await world.pool.execute(
        "UPDATE void_cases SET status = 5 WHERE order_id = (SELECT order_id FROM orders WHERE order_no = 'O1')"
    )
    run, shown = await world.shadow()
    assert shown["callbacks"] == 0
    result = await world.promote(run)
    assert (result["promoted"], result["skipped"]) == (2, [])
    after = await world.state()
    assert [name for name, rows in after.items() if rows != before[name]] == ["operator_actions"]


async def test_an_order_that_postgres_lost_is_a_difference_and_comes_back(world: World) -> None:
    await fill(world, 3)
    await world.live()
    await lose(world, "O1", "journal")
    assert (await world.rebuild())["first_orders"] == ["O1"]
    run, _ = await world.shadow()
    assert (await world.promote(run))["promoted"] == 1
    assert (await world.rebuild())["equal"]


async def test_an_order_that_postgres_will_not_take_is_named_and_the_others_are_promoted(world: World) -> None:
    """Half of it was lost: its journal has the version that it would get."""
    world.bends["O2"] = same_event
    await fill(world, 3)
    await world.live()
    await lose(world, "O1")
    run, _ = await world.shadow()
    result = await world.promote(run)
    assert result["promoted"] == 1
    assert result["skipped"] == [{"why": f"{REFUSED}: UniqueViolationError", "orders": 1, "first_orders": ["O1"]}]


async def lose(world: World, order_no: str, *more: str) -> None:
    """As a restored backup may: the order's rows are gone."""
    for table in (*more, "arrivals", "events", "tickets", "pnrs", "passengers", "orders"):
        await world.pool.execute(
            f"DELETE FROM {table} WHERE order_id = (SELECT order_id FROM orders WHERE order_no = $1)", order_no
        )


async def test_what_live_has_not_reached_is_left_to_it(world: World) -> None:
    await fill(world, 2)
    await world.live()
    await world.stage.send(ticketed_body("O1", "LATER"), order_no="O1")
    result = await world.rebuild()
    assert (result["equal"], result["not_reached_by_live"], result["records"]) == (True, 1, 2)
    run, shown = await world.shadow()
    assert (shown["not_reached_by_live"], shown["differing_orders"]) == (1, 0)
    await world.promote(run)
    await world.live()
    assert await world.pool.fetchval("SELECT count(*) FROM callbacks WHERE state = 'suppressed'") == 0
    assert await world.pool.fetchval("SELECT count(*) FROM tickets WHERE ticket_number = 'LATER'") == 1


async def test_what_retention_took_is_counted_and_no_difference(world: World) -> None:
    await fill(world, 5)
    await world.live()
    await world.stage.send(ticketed_body("O1", "LATER"), order_no="O1")
    await world.live()
    await forget_all_before_the_latest(world)
    result = await world.rebuild()
    assert result["equal"]
    assert result["before_log_start"] >= 1
    assert result["records"] + result["before_log_start"] == 6


async def forget_all_before_the_latest(world: World) -> None:
    """As retention does, in its partition."""
    topic = raw_topic(world.stage.settings.kafka.topic_prefix, "order.ticketed")
    row = await world.pool.fetchrow('SELECT partition, "offset" FROM arrivals ORDER BY arrived_at DESC LIMIT 1')
    assert row is not None
    admin = AIOKafkaAdminClient(bootstrap_servers=world.stage.settings.kafka.bootstrap_servers)
    await admin.start()
    try:
        place = TopicPartition(topic, row["partition"])
        await admin.delete_records({place: RecordsToDelete(before_offset=row["offset"])})
    finally:
        await admin.close()


async def test_the_hubs_own_events_come_from_postgres(world: World) -> None:
    await world.stage.send(void_body("O0", 1), order_no="O0")
    await world.live()
    said = await world.pool.fetchrow("SELECT event_id, order_id FROM events")
    assert said is not None
    rejection = VoidRejection(WIRE_FORMS)
    async with world.pool.acquire() as connection, connection.transaction():
        await rejection.lock(connection, [said["order_id"]])
        await rejection.reject(connection, [ExhaustedVoid(said["event_id"], said["order_id"], 10)])
    assert await world.pool.fetchval("SELECT status FROM void_cases") == 4
    result = await world.rebuild()
    assert (result["equal"], result["hub_events"]) == (True, 1)


async def test_a_shadow_of_part_of_an_order_holds_all_of_it(world: World) -> None:
    """Its later event alone would be another order's story."""
    await fill(world, 2, voids=True)
    await world.live()
    _, shown = await world.shadow(types=["order.void"], order_no="O1")
    assert (shown["records"], shown["orders"], shown["differing_orders"]) == (1, 1, 0)
    assert shown["taken_from_live"]["before_range"] == 1


async def test_what_an_operator_discarded_is_not_folded(world: World) -> None:
    world.bends["O1"] = unreadable
    await fill(world, 3)
    await world.live()
    await world.pool.execute("UPDATE parked SET state = 'discarded'")
    _, shown = await world.shadow()
    assert (shown["records"], shown["differing_orders"], shown["lands"]) == (2, 0, 0)
