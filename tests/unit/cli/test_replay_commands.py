"""ticketwire replay: what it asks for, how it is watched, how it ends."""

import time
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.test_api_commands import FakeConsole, fake_console, own_token

__all__ = ["fake_console", "own_token"]

ID = "0198c1f2-7a55-8c9e-b0a1-3d5e7f901234"


def run_that_is(state: str, *, result: Any = None, error: str = "") -> dict[str, Any]:
    return {
        "run_id": ID,
        "kind": "replay",
        "state": state,
        "asked": {"mode": "apply"},
        "actor": "ana",
        "reason": "",
        "progress": {"done": 3, "of": 7},
        "result": result,
        "error": error,
        "requested_at": "2026-03-01T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("--dry-run", "--from", "-2h"), {"mode": "dry-run", "types": [], "from": "-2h", "callbacks": "suppress"}),
        (
            (
                "--apply",
                "--type",
                "order.void",
                "--type",
                "unrouted",
                "--source",
                "atlas",
                "--to",
                "-1h",
                "--rate",
                "0",
            ),
            {"mode": "apply", "types": ["order.void", "unrouted"], "source": ["atlas"], "to": "-1h", "rate": 0.0},
        ),
        (
            ("--apply", "--order", "A-1", "--callbacks", "emit", "--reason", "a fix"),
            {"mode": "apply", "order_no": "A-1", "callbacks": "emit", "reason": "a fix"},
        ),
        (
            ("--shadow", "--type", "order.void", "--partition", "0", "--from-offset", "0", "--to-offset", "9"),
            {"mode": "shadow", "types": ["order.void"], "partition": 0, "from_offset": 0, "to_offset": 9},
        ),
    ],
    ids=["dry", "types", "order", "offsets"],
)
def test_the_flags_become_the_wish(
    *, run: Run, fake_console: FakeConsole, own_token: str, words: tuple[str, ...], asked: dict[str, Any]
) -> None:
    fake_console.answer = run_that_is("requested")
    said = run("replay", *words, "--detach", "--json", "--url", fake_console.url)
    assert (said.code, said.json["run_id"]) == (0, ID)
    [(method, path, _, body, token)] = fake_console.asked
    assert (method, path, token) == ("POST", "/api/v1/replays", own_token)
    defaults = {"types": [], "callbacks": "suppress", "reason": ""}
    assert body == defaults | asked


@pytest.mark.parametrize("flags", [(), ("--dry-run", "--apply")])
def test_what_to_do_is_said_once(*, run: Run, own_token: str, flags: tuple[str, ...]) -> None:
    said = run("replay", *flags, "--from", "-2h")
    assert said.code == 2
    assert f"--dry-run or --apply or --shadow; {len(flags)} of them were given" in said.err


def test_a_failed_run_ends_the_command_with_1_and_the_runs_own_words(
    *, run: Run, fake_console: FakeConsole, own_token: str
) -> None:
    fake_console.answer = run_that_is("failed", error="topic t has no partition 9\n  hint: it has 0 to 3")
    said = run("replay", "--apply", "--url", fake_console.url)
    assert said.code == 1
    assert f"error: run {ID} failed: topic t has no partition 9\n  hint: it has 0 to 3" in said.err
    fake_console.answer = run_that_is("cancelled")
    assert run("replay", "watch", ID, "--url", fake_console.url).code == 1


def test_ctrl_c_looks_away_and_says_how_to_find_the_run_again(
    *, run: Run, fake_console: FakeConsole, own_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    fake_console.answer = run_that_is("running")
    monkeypatch.setattr(time, "sleep", interrupt)
    said = run("replay", "watch", ID, "--url", fake_console.url)
    assert said.code == 130
    assert f"run {ID} goes on: ticketwire replay show {ID}" in said.err
    assert all(path == f"/api/v1/runs/{ID}" for _, path, *_ in fake_console.asked), "nothing was cancelled"


def test_results_are_shown_for_people(*, run: Run, fake_console: FakeConsole, own_token: str) -> None:
    times = {"first_time": "2026-03-01T12:00:00+00:00", "last_time": "2026-03-01T13:00:00+00:00"}
    words = {"records": 5, "applied": 3, "new": 2}
    part = {"type": "order.void", "topic": "t", "partition": 1, "first_offset": 10, "last_offset": 14} | times | words
    empty = part | {"partition": 2, "records": 0}
    dry = {"total": words, "parts": [part, empty], "expired_while_reading": 0, "not_reached_by_live": 4, "seconds": 1.0}
    fake_console.answer = run_that_is("done", result=dry)
    lines = run("replay", "show", ID, "--url", fake_console.url).out.splitlines()
    [shown] = [line.split() for line in lines if line.startswith("order.void")]
    assert shown == ["order.void", "1", "10–14", *times.values(), "5", "3", "2"]
    assert lines[-1] == "4 offsets are left to live, which has not come there yet"

    by_type = {"order.void": {"records": 5, "applied": 2}, "order.ticketed": {"records": 1, "already_applied": 1}}
    applied = {"by_type": by_type, "expired_while_reading": 3, "not_reached_by_live": 0, "seconds": 1.0}
    fake_console.answer = run_that_is("done", result=applied)
    lines = run("replay", "show", ID, "--url", fake_console.url).out.splitlines()
    assert [line.split() for line in lines if line.startswith("order.")] == [
        ["order.void", "5", "2", "0"],
        ["order.ticketed", "1", "0", "1"],
    ]
    assert lines[-1] == "retention took 3 offsets before they were read"
