"""Two batches of a poll are under way at the most, never with an order in common, and they are taken in their order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from processors.overlap import NotTaken, Overlap
from processors.reading import Read


@dataclass(frozen=True)
class Record:
    """As much as is looked at."""

    offset: int
    key: bytes


class Handler:
    """Each batch ends when it is told to; `begun` are the offsets of the batches, `ended` of those that ended well."""

    def __init__(self) -> None:
        self.begun: list[list[int]] = []
        self.ended: list[list[int]] = []
        self.known: list[Sequence[Any]] = []
        self.after: list[asyncio.Task[Any] | None] = []
        self._ends: list[asyncio.Future[None]] = []

    async def decode(self, records: Sequence[Record]) -> list[str]:
        return [f"said {record.offset}" for record in records]

    async def handle(self, records: Sequence[Record], *, known: Sequence[Any], after: Any) -> None:
        self.begun.append([record.offset for record in records])
        self.known.append(known)
        self.after.append(after)
        self._ends.append(asyncio.get_running_loop().create_future())
        await self._ends[-1]
        self.ended.append([record.offset for record in records])

    async def end(self, number: int, error: Exception | None = None) -> None:
        """Let this batch end, and everything go on that can."""
        if error is None:
            self._ends[number].set_result(None)
        else:
            self._ends[number].set_exception(error)
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def reads(keys: str) -> list[Read]:
    """A record for each letter, which is its key."""
    return [Read(Record(offset, key.encode())) for offset, key in enumerate(keys)]  # type: ignore[arg-type]


@pytest.fixture
async def scene() -> Any:
    """A poll in batches of two; `taken`: the offsets that were reported; `last`: how many batches had begun when it was
    said that the last one begins."""
    made = SimpleNamespace(handler=Handler(), taken=[], last=[], goes_on=True)
    made.overlap = Overlap(made.handler, batch_records=2, wanted=lambda: made.goes_on)

    def start(keys: str) -> asyncio.Task[Any]:
        made.task = asyncio.create_task(
            made.overlap.handle(
                reads(keys),
                taken=lambda batch: made.taken.append([read.record.offset for read in batch]),
                last_begins=lambda: made.last.append(len(made.handler.begun)),
            )
        )
        return made.task  # type: ignore[no-any-return]

    made.start = start
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_a_batch_begins_beside_the_one_before_and_not_beside_two(scene: Any) -> None:
    scene.start("abcdef")
    await settle()
    assert scene.handler.begun == [[0, 1], [2, 3]]
    await scene.handler.end(0)
    assert scene.handler.begun == [[0, 1], [2, 3], [4, 5]]
    assert scene.handler.after[0] is None
    assert [after.done() for after in scene.handler.after[1:]] == [True, False]


async def test_batches_are_taken_in_their_order_whichever_ends_first(scene: Any) -> None:
    scene.start("abcd")
    await settle()
    await scene.handler.end(1)
    assert scene.taken == []
    assert scene.overlap.in_hand == 4
    await scene.handler.end(0)
    assert scene.taken == [[0, 1], [2, 3]]
    assert not await scene.task
    assert scene.overlap.in_hand == 0


async def test_batches_with_an_order_in_common_do_not_overlap(scene: Any) -> None:
    scene.start("abbcde")
    await settle()
    assert scene.handler.begun == [[0, 1]]
    await scene.handler.end(0)
    assert scene.handler.begun == [[0, 1], [2, 3], [4, 5]]


async def test_what_fails_comes_back_with_all_behind_it_and_the_batch_beside_it_is_given_up(scene: Any) -> None:
    scene.start("abcdefgh")
    await settle()
    await scene.handler.end(0)
    await scene.handler.end(1, LookupError("refused"))
    with pytest.raises(NotTaken) as caught:
        await scene.task
    assert isinstance(caught.value.__cause__, LookupError)
    assert [read.record.offset for read in caught.value.reads] == [2, 3, 4, 5, 6, 7]
    assert scene.taken == [[0, 1]]
    assert scene.handler.begun == [[0, 1], [2, 3], [4, 5]]
    assert scene.handler.ended == [[0, 1]]
    assert scene.overlap.in_hand == 0


async def test_when_no_more_is_wanted_what_has_begun_ends_and_the_rest_comes_back(scene: Any) -> None:
    scene.start("abcdefgh")
    await settle()
    scene.goes_on = False
    await scene.handler.end(0)
    await scene.handler.end(1)
    assert [read.record.offset for read in await scene.task] == [4, 5, 6, 7]
    assert scene.taken == [[0, 1], [2, 3]]
    assert scene.last == []


async def test_a_poll_always_begins_with_a_batch(scene: Any) -> None:
    """Or nothing would ever be done by one that is always late."""
    scene.goes_on = False
    scene.start("abcd")
    await settle()
    assert scene.handler.begun == [[0, 1]]


async def test_one_that_is_cancelled_keeps_in_hand_what_it_did_not_take(scene: Any) -> None:
    """The client does not count it any more; who looks for what waits must."""
    scene.start("abcdef")
    await settle()
    await scene.handler.end(0)
    scene.task.cancel()
    await asyncio.gather(scene.task, return_exceptions=True)
    assert scene.overlap.in_hand == 4
    assert scene.handler.ended == [[0, 1]]


async def test_it_is_told_once_that_the_last_batch_begins(scene: Any) -> None:
    scene.start("abcde")
    await settle()
    assert scene.last == []
    await scene.handler.end(0)
    assert scene.last == [2]
    assert scene.handler.begun[-1] == [4]


async def test_what_is_decoded_already_is_not_decoded_again(scene: Any) -> None:
    polled = [*reads("ab"), Read(Record(2, b"c"), "known"), Read(Record(3, b"d"))]  # type: ignore[arg-type]
    scene.task = asyncio.create_task(scene.overlap.handle(polled, taken=lambda _: None, last_begins=lambda: None))
    await settle()
    assert scene.handler.known == [["said 0", "said 1"], ["known", "said 3"]]
