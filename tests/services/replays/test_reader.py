"""What is read again, and that nobody notices."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from replays.reader import Plan, plan, read
from replays.selection import StampedRecord
from runtime.errors import InvalidRequest
from schemas.selection import Selection
from schemas.topics import processor_group
from tests.services.processors.conftest import Stage, ticketed_body, void_body
from tests.services.replays.conftest import World
from tests.waiting import until

BEFORE = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def planned(stage: Stage, **selection: Any) -> Plan:
    return await plan(stage.settings.kafka, Selection.model_validate(selection), client_id="test")


async def everything(stage: Stage, fixed: Plan, next_: Any = None) -> list[StampedRecord]:
    found: list[StampedRecord] = []
    async with aclosing(read(stage.settings.kafka, fixed, next_ or {}, client_id="test", batch_records=7)) as batches:
        async for batch in batches:
            found += batch.records
    return found


async def orders(stage: Stage, **selection: Any) -> list[str]:
    records = await everything(stage, await planned(stage, **selection))
    return sorted((record.key or b"").decode() for record in records)


async def send_at(stage: Stage, order_no: str, at: datetime, partition: int) -> None:
    topic = f"{stage.settings.kafka.topic_prefix}raw.order.void"
    ms = int(at.timestamp() * 1000)
    await stage.producer.send_and_wait(topic, b"{}", key=order_no.encode(), partition=partition, timestamp_ms=ms)


async def test_types_orders_sources_and_partitions_are_selected(stage: Stage) -> None:
    for number in range(12):
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")
    await stage.send(ticketed_body("T", "1"), order_no="T")
    await stage.send(void_body("U", 0), order_no="U", type_="order.unheard")
    voids = sorted(f"O{number}" for number in range(12))
    assert await orders(stage) == sorted([*voids, "T"])
    assert await orders(stage, types=["order.ticketed", "unrouted"]) == ["T", "U"]
    assert await orders(stage, order_no="O5") == ["O5"]
    assert await orders(stage, order_no="O5", types=["order.ticketed"]) == []
    assert await orders(stage, sources=["atlas"]) == sorted([*voids, "T"])
    assert await orders(stage, sources=["another"]) == []
    by_partition = [await orders(stage, types=["order.void"], partition=number) for number in range(4)]
    assert sorted(name for names in by_partition for name in names) == voids
    [part] = (await planned(stage, order_no="O5", types=["order.void"])).parts
    assert "O5" in by_partition[part.partition]
    with pytest.raises(InvalidRequest, match="has no partition 4"):
        await planned(stage, partition=4)


async def test_offsets_are_taken_within_what_is_there(stage: Stage) -> None:
    for number in range(5):
        await stage.send(void_body("O", number), order_no="O")
    [part] = (await planned(stage, types=["order.void"])).parts
    only: dict[str, Any] = {"types": ["order.void"], "partition": part.partition}
    some = await everything(stage, await planned(stage, **only, from_offset=1, to_offset=3))
    assert [record.offset for record in some] == [1, 2]
    assert len(await everything(stage, await planned(stage, **only, from_offset=3))) == 2
    nothing = await planned(stage, **only, from_offset=99)
    assert nothing.parts == ()
    assert await everything(stage, nothing) == []


async def test_times_select_records_that_lie_out_of_order_too(stage: Stage) -> None:
    """Processes of ingest stamp by clocks of their own: within a minute a record may lie before an earlier one."""
    for order_no, seconds in (("a", 0), ("b", 40), ("c", 20), ("d", 61), ("e", 30), ("f", 200)):
        await send_at(stage, order_no, BEFORE + timedelta(seconds=seconds), 0)
    await send_at(stage, "g", BEFORE + timedelta(seconds=25), 1)
    window = {"from": BEFORE + timedelta(seconds=20), "to": BEFORE + timedelta(seconds=40)}
    assert await orders(stage, **window) == ["c", "e", "g"]
    assert await orders(stage, to=BEFORE + timedelta(seconds=20)) == ["a"]
    assert await orders(stage, **{"from": BEFORE + timedelta(seconds=201)}) == []


async def test_the_end_is_where_it_was_when_the_plan_was_made(stage: Stage) -> None:
    for number in range(3):
        await stage.send(void_body("O", number), order_no="O")
    fixed = Plan.model_validate_json((await planned(stage)).model_dump_json(by_alias=True))
    await stage.send(void_body("O", 3), order_no="O")
    assert fixed.offsets == 3
    assert [record.offset for record in await everything(stage, fixed)] == [0, 1, 2]
    [part] = fixed.parts
    assert [record.offset for record in await everything(stage, fixed, {part.name: 2})] == [2]
    assert (fixed.passed({}), fixed.passed({part.name: 2}), fixed.passed({part.name: 3})) == (0, 2, 3)


async def test_what_retention_took_is_counted_and_not_waited_for(stage: Stage) -> None:
    for number in range(5):
        await stage.send(void_body("O", number), order_no="O")
    fixed = await planned(stage)
    [part] = fixed.parts
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.settings.kafka.bootstrap_servers)
    await admin.start()
    await admin.delete_records({part.place: _upto(3)})
    await admin.close()
    expired, offsets = 0, []
    async with aclosing(read(stage.settings.kafka, fixed, {}, client_id="test")) as batches:
        async for batch in batches:
            expired += batch.expired
            offsets += [record.offset for record in batch.records]
    assert (expired, offsets) == (3, [3, 4])


def _upto(offset: int) -> Any:
    from aiokafka.admin import RecordsToDelete

    return RecordsToDelete(before_offset=offset)


async def test_a_live_group_keeps_its_members_partitions_and_offsets_while_its_topic_is_read(world: World) -> None:
    stage = world.stage
    for number in range(40):
        await stage.send(void_body(f"O{number}", 0), order_no=f"O{number}")
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.settings.kafka.bootstrap_servers)
    await admin.start()
    group = processor_group(stage.settings.kafka.topic_prefix, "void")

    async def seen() -> tuple[Any, Any, set[str]]:
        [described] = cast("list[Any]", await admin.describe_consumer_groups([group]))
        [_, _, state, _, _, members, *_] = described.groups[0]
        offsets = {place: told.offset for place, told in (await admin.list_consumer_group_offsets(group)).items()}
        listed = {name for name, _ in await admin.list_consumer_groups() if name.startswith(group[:15])}
        return (state, members), offsets, listed

    async def all_committed() -> bool:
        return bool(sum((await seen())[1].values()) == 40)

    async def all_taken() -> bool:
        return await stage.count("void_cases") == 40

    async with stage.processing("void"):
        await until(all_taken)  # by then the group has a coordinator to ask
        await until(all_committed)
        before = await seen()
        assert len(await everything(stage, await planned(stage))) == 40
        assert (await world.replay("apply", live_behind=True))["by_type"]["order.void"]["already_applied"] == 40
        assert await seen() == before
    await admin.close()
