"""A shadow names exactly what a fix changes, and touches nothing of live."""

from typing import Any

from store.shadow import read_differences, shadow_name, work_on
from tests.services.shadows.conftest import World, fill, other_event, same_event, unreadable

BENT = {"O1": same_event, "O3": other_event, "O5": unreadable}


async def differences(world: World, run: Any) -> dict[str, dict[str, Any]]:
    async with world.pool.acquire() as connection, connection.transaction():
        await work_on(connection, shadow_name(run))
        rows = await read_differences(connection, after=None, limit=1000)
    return {row.difference["order_no"]: row.difference for row in rows}


async def test_a_shadow_names_exactly_the_orders_that_a_fix_changes_and_touches_nothing(world: World) -> None:
    world.bends.update(BENT)
    await fill(world, 8, voids=True)
    await world.live()
    before = await world.state()
    run, result = await world.shadow()
    assert await world.state() == before
    assert (result["records"], result["orders"], result["differing_orders"]) == (16, 8, 3)
    found = await differences(world, run)
    assert found.keys() == BENT.keys()
    assert [row for row in found["O1"]["rows"] if row["table"] == "tickets"] == [
        {"table": "tickets", "key": "0/0", "before": {"ticket_number": "BENT"}, "after": {"ticket_number": "T1-1"}},
        {"table": "tickets", "key": "1/0", "before": {"ticket_number": "BENT"}, "after": {"ticket_number": "T1-2"}},
    ]
    assert [len(found[order]["events"]["reread"]) for order in ("O1", "O3", "O5")] == [2, 0, 0]
    assert [len(found[order]["events"]["superseded"]) for order in ("O1", "O3", "O5")] == [0, 2, 0]
    assert [len(found[order]["parked"]) for order in ("O1", "O3", "O5")] == [0, 0, 2]
    assert [len(found[order]["callbacks"]) for order in ("O1", "O3", "O5")] == [2, 2, 2]
    assert (result["lands"], result["callbacks"]) == (2, 6)
