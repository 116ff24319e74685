"""Commands on many: what they ask for, that they look first if wanted, and how they end."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.test_api_commands import FakeConsole, fake_console, own_token

__all__ = ["fake_console", "own_token"]

ID = "0198c1f2-7a55-8c9e-b0a1-3d5e7f901234"
CHOSEN = {"number": 3, "orders": 2, "groups": {"f1": 3}, "sample": [ID]}
CALLS: list[tuple[tuple[str, ...], str, dict[str, Any]]] = [
    (
        ("parked", "redrive", "--fingerprint", "f1", "--canary", "10", "--reason", "mended", "--preview"),
        "/parked/retry",
        {"selection": {"fingerprint": "f1"}, "canary": 10, "reason": "mended", "preview": True},
    ),
    (
        ("parked", "redrive", ID, "--preview"),
        "/parked/retry",
        {"selection": {"ids": [ID]}, "reason": "", "preview": True},
    ),
    (
        ("parked", "export", "--all", "--rate", "0", "--preview"),
        "/parked/export",
        {"selection": {}, "rate": 0.0, "reason": "", "preview": True},
    ),
    (
        ("callback", "retry-all", "--endpoint", "shop", "--state", "given_up", "--since", "-2d", "--preview"),
        "/callbacks/retry",
        {"selection": {"endpoint": "shop", "states": ["given_up"], "since": "-2d"}, "reason": "", "preview": True},
    ),
    (
        ("endpoint", "recover", "a b", "--since", "-3d", "--preview"),
        "/endpoints/a%20b/recover",
        {"since": "-3d", "reason": "", "preview": True},
    ),
]


@pytest.mark.parametrize(("words", "path", "body"), CALLS, ids=lambda value: str(value)[:40])
def test_a_preview_is_one_call_and_prints_what_is_meant(
    *, run: Run, fake_console: FakeConsole, own_token: str, words: tuple[str, ...], path: str, body: dict[str, Any]
) -> None:
    fake_console.answer = {"run": None, "number": 0, "chosen": CHOSEN if path.startswith("/parked") else []}
    said = run(*words, "--url", fake_console.url, "--json")
    assert (said.code, said.json) == (0, fake_console.answer)
    assert fake_console.asked == [("POST", f"/api/v1{path}", {}, body, own_token)]
    assert run(*words, "--url", fake_console.url).code == 0


def ended(state: str, result: dict[str, Any] | None, error: str = "") -> dict[str, Any]:
    """What the fake answers to both the wish and the look at the run."""
    progress = {"done": 3, "of": 3}
    run = {"run_id": ID, "kind": "redrive", "state": state, "progress": progress, "result": result, "error": error}
    return {**run, "run": run, "chosen": CHOSEN}


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (ended("done", {"landed": 3, "stopped": ""}), 0, "landed"),
        (ended("done", {"landed": 2, "stopped": "1 of the first 3 failed again"}), 1, "1 of the first 3 failed again"),
        (ended("cancelled", None), 1, "was cancelled"),
        (ended("failed", None, "no such topic\n  hint: make it"), 1, "hint: make it"),
    ],
)
def test_a_redrive_is_watched_to_its_end_and_its_exit_code_tells_how_it_was(
    *, run: Run, fake_console: FakeConsole, own_token: str, answer: dict[str, Any], code: int, says: str
) -> None:
    fake_console.answer = answer
    said = run("parked", "redrive", "--all", "--url", fake_console.url)
    assert said.code == code
    assert says in said.out + said.err
    assert "3 parked events of 2 orders" in said.err
    assert [call[:2] for call in fake_console.asked] == [
        ("POST", "/api/v1/parked/retry"),
        ("GET", f"/api/v1/runs/{ID}"),
    ]


def test_a_detached_redrive_says_how_to_watch_it(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    fake_console.answer = ended("requested", None)
    said = run("parked", "redrive", "--all", "--detach", "--url", fake_console.url)
    assert (said.code, len(fake_console.asked)) == (0, 1)
    assert f"ticketwire replay watch {ID}" in said.err


@pytest.mark.parametrize("words", [("redrive",), ("export", "--all", "--order", "A"), ("discard", "--reason", "x")])
def test_what_is_meant_must_be_said(
    run: Run, fake_console: FakeConsole, own_token: str, words: tuple[str, ...]
) -> None:
    said = run("parked", *words, "--url", fake_console.url)
    assert (said.code, fake_console.asked) == (2, [])
    assert "--all" in said.err


def test_ids_that_are_parked_no_more_are_told(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    fake_console.answer = {"run": None, "chosen": {**CHOSEN, "number": 0}}
    said = run("parked", "redrive", ID, "--url", fake_console.url)
    assert "1 of these ids are parked no more, or never were" in said.err


def test_a_discard_goes_on_until_nothing_is_left(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    fake_console.answer = {"discarded": 5, "left": 0}
    said = run("parked", "discard", "--code", "not-json", "--reason", "x", "--yes", "--url", fake_console.url)
    assert (said.code, said.err) == (0, "5 discarded\n")
    body = {"selection": {"reason": "not-json"}, "reason": "x"}
    assert fake_console.asked == [("POST", "/api/v1/parked/discard", {}, body, own_token)]
