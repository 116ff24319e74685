"""A dry run says what lies there and what a replay would do, and does nothing."""

from datetime import datetime

from tests.services.processors.conftest import ticketed_body, void_body
from tests.services.replays.conftest import World

NOTHING = {"records": 0, "applied": 0, "new": 0, "parked": 0, "parked_readable": 0, "discarded": 0}
NOTHING |= {"unreadable": 0, "unrouted": 0}


async def test_a_dry_run_tells_what_is_applied_parked_discarded_new_and_unreadable(world: World) -> None:
    stage = world.stage
    world.reader.broken = {"parked", "mended", "discarded"}
    for order_no in ("applied", "parked", "mended", "discarded"):
        await stage.send(void_body(order_no, 0), order_no=order_no)
    await world.live()
    await world.pool.execute("UPDATE parked SET state = 'discarded' WHERE order_no = 'discarded'")
    world.reader.broken = {"parked", "unreadable"}
    for order_no in ("new", "new", "unreadable"):
        await stage.send(void_body(order_no, 1), order_no=order_no)
    await stage.send(ticketed_body("T", "1"), order_no="T")
    before = await world.state()

    result = await world.replay("dry-run")

    counted = {"records": 8, "applied": 1, "new": 3, "parked": 2, "parked_readable": 1, "discarded": 1, "unreadable": 1}
    assert result["total"] == NOTHING | counted
    ticketed = [part for part in result["parts"] if part["type"] == "order.ticketed"]
    assert [part["new"] for part in ticketed if part["records"]] == [1]
    assert await world.state() == before


async def test_each_partition_tells_its_first_and_last_offset_and_time(world: World) -> None:
    for number in range(3):
        await world.stage.send(void_body("A", number), order_no="A")
    result = await world.replay("dry-run", {"order_no": "A", "types": ["order.void"]})
    [part] = result["parts"]
    assert (part["first_offset"], part["last_offset"], part["records"]) == (0, 2, 3)
    first, last = (datetime.fromisoformat(part[name]) for name in ("first_time", "last_time"))
    assert first.tzinfo is not None
    assert first <= last
    nothing = await world.replay("dry-run", {"order_no": "A", "types": ["order.void"], "from": "2999-01-01T00:00:00Z"})
    assert (nothing["total"], nothing["parts"]) == (NOTHING, [])


async def test_what_nobody_knew_is_new_once_the_present_code_knows_its_type(world: World) -> None:
    await world.stage.send(void_body("A", 0), order_no="A", type_="order.void.v2")
    await world.stage.send(b'{"cid": "T", "type": "order.strange", "data": {}}', order_no="B")
    result = await world.replay("dry-run", {"types": ["unrouted"]})
    assert result["total"] == NOTHING | {"records": 2, "new": 1, "unrouted": 1}
