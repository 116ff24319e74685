"""Who is not dropped in time is missed, once, at its own time, whatever the order of adding."""

import asyncio

from runtime.deadlines import Deadlines
from tests.waiting import until


async def test_each_is_missed_at_its_own_time_and_those_dropped_are_not() -> None:
    loop, missed = asyncio.get_running_loop(), list[tuple[str, float]]()
    deadlines = Deadlines[str](lambda key: missed.append((key, loop.time())))
    begun = loop.time()
    for key, after in (("late", 0.06), ("early", 0.02), ("dropped", 0.04), ("middle", 0.04)):
        deadlines.add(key, begun + after)
    deadlines.drop("dropped")
    deadlines.drop("nobody")
    await until(lambda: len(missed) == 3)
    assert [key for key, _ in missed] == ["early", "middle", "late"]
    for (_, at), after in zip(missed, (0.02, 0.04, 0.06), strict=True):
        assert at >= begun + after - 0.001
    assert deadlines.all() == []


async def test_one_that_comes_after_all_others_were_dropped_is_missed_too() -> None:
    missed = list[int]()
    deadlines = Deadlines[int](missed.append)
    for key in range(3):
        deadlines.add(key, asyncio.get_running_loop().time() + 0.01)
        deadlines.drop(key)
    await asyncio.sleep(0.02)
    deadlines.add(3, asyncio.get_running_loop().time() + 0.01)
    await until(lambda: missed == [3])
