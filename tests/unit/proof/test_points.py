"""Every kill point names code that is there, and a process that is armed with one dies of it."""

import dataclasses
import signal
import subprocess
import sys

import pytest

from tests.proof.points import POINTS, NoSuchPoint, Point, arm, named, resolve


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_the_code_of_every_point_exists(point: Point) -> None:
    for seam in filter(None, (point.seam, point.since)):
        resolve(point, seam)


def test_no_two_points_have_one_name() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS)


@pytest.mark.parametrize(
    ("seam", "words"),
    [
        ("processors.handle:nowhere", "does not exist"),
        ("processors.handles:decode", "does not exist"),
        ("processors.handle:Handler.handled", "does not exist"),
        ("processors.handle:log", "not a plain function"),
    ],
)
def test_a_point_whose_code_has_gone_fails_loudly(seam: str, words: str) -> None:
    with pytest.raises(NoSuchPoint, match=words):
        arm(dataclasses.replace(POINTS[0], seam=seam), 1)
    with pytest.raises(NoSuchPoint, match="there is no kill point 'nothing'"):
        named("nothing")
    with pytest.raises(NoSuchPoint, match="has no middle"):
        arm(Point("x", "decode", "during", "processors.handle:decode"), 1)


PROGRAM = """
import asyncio, sys
from tests.proof import points

async def slow(sizes: list[int], mark: str) -> str:
    print("begun", mark)
    await asyncio.sleep(0)
    print("ended", mark)
    return mark

async def first() -> None:
    print("first")

def quick(mark: object) -> object:
    print("quick", mark)
    return mark

async def main() -> None:
    me = sys.modules["__main__"]
    for mark in "abc":
        if mark == "b":
            await me.first()
        assert await me.slow([], mark) == mark
        assert me.quick(mark) == mark

points.arm(points.Point("x", "y", sys.argv[1], "__main__:" + sys.argv[2], since=sys.argv[3], argument=sys.argv[4]),
    int(sys.argv[5]))
asyncio.run(main())
"""


def python(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)  # noqa: S603 - ours


def run(where: str, seam: str, *, since: str = "", argument: str = "", nth: int = 1) -> tuple[int, list[str]]:
    """How a small program ended that was armed like this, and what it said."""
    words = [where, seam, since and f"__main__:{since}", argument, str(nth)]
    ended = python("-u", "-c", PROGRAM, *words)
    return ended.returncode, ended.stdout.split("\n")[:-1]


def test_it_dies_before_in_the_middle_of_and_after_a_call_at_the_nth_passing() -> None:
    killed = -signal.SIGKILL
    assert run("before", "slow") == (killed, [])
    assert run("during", "slow") == (killed, ["begun a"])
    assert run("after", "slow") == (killed, ["begun a", "ended a"])
    assert run("after", "quick") == (killed, ["begun a", "ended a", "quick a"])
    assert run("before", "slow", nth=2)[1][-1] == "first"
    assert run("before", "slow", nth=2)[0] == killed
    assert run("after", "slow", since="first")[1][-2:] == ["begun b", "ended b"]
    assert run("after", "slow", argument="list")[1] == ["begun a", "ended a"]


def test_a_point_that_is_not_passed_often_enough_kills_nobody() -> None:
    whole = [line for mark in "abc" for line in (f"begun {mark}", f"ended {mark}", f"quick {mark}")]
    whole.insert(3, "first")
    assert run("after", "slow", nth=4) == (0, whole)
    assert run("after", "slow", argument="dict") == (0, whole)
    assert run("after", "slow", since="first", nth=2) == (0, whole)


def test_the_entry_point_says_what_is_wrong_with_its_words() -> None:
    usage = python("-m", "tests.proof.armed", "x")
    assert usage.returncode == 1
    assert "<point> <nth> -- <words>" in usage.stderr
    unknown = python("-m", "tests.proof.armed", "x", "1", "--", "ingest")
    assert unknown.returncode == 2
    assert "there is no kill point 'x'" in unknown.stderr
