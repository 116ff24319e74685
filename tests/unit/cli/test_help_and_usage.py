"""Help teaches, a typo is understood, and a wrong setting is said without a traceback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.main import build
from tests.unit.cli.conftest import Run


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    command = command or get_command(build())
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


EVERY = list(commands())


def test_the_commands_are_those_of_the_design() -> None:
    assert {path[0] for path in EVERY if path} == {
        *("up", "demo", "ingest", "processor", "publisher", "replayer", "console", "migrate", "send-sample", "doctor"),
        *("endpoint", "order", "callback", "parked", "replay", "rebuild", "actions", "partner-sim", "bench"),
    }
    verbs = {"create", "list", "show", "update", "delete", "enable", "disable", "rotate-secret", "test", "recover"}
    assert {path[1] for path in EVERY if path[:1] == ("endpoint",) and len(path) == 2} == verbs


@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(path) or "ticketwire")
def test_every_command_has_help_that_says_what_it_does(run: Run, path: tuple[str, ...]) -> None:
    said = run(*path, "--help")
    assert said.code == 0
    assert "Usage: ticketwire" in said.out
    command: Any = get_command(build())
    for name in path:
        command = command.commands[name]
    assert command.help
    assert len(command.help.split()) > 3
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            assert getattr(parameter, "help", None), f"{path}: {parameter.name} has no help"


@pytest.mark.parametrize("path", [path for path in EVERY if len(path) < 2], ids=" ".join)
def test_every_command_that_prints_data_can_print_json(path: tuple[str, ...]) -> None:
    services = {"ingest", "processor", "publisher", "replayer", "console"}
    command: Any = get_command(build())
    for name in path:
        command = command.commands[name]
    for leaf in getattr(command, "commands", {path[-1:] and path[-1]: command}).values():
        if leaf.name in services or getattr(leaf, "commands", None):
            continue
        options = {option for parameter in leaf.params for option in parameter.opts}
        assert "--json" in options, leaf.name


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (("endpont",), "endpoint"),
        (("order", "timelin"), "timeline"),
        (("endpoint", "create", "a", "--to", "x", "--polcy", "void"), "--policy"),
        (("processor", "tickted"), "ticketed"),
        (("send-sample", "01-tipical"), "01-typical"),
    ],
)
def test_a_typo_gets_the_nearest_name_and_exit_code_2(run: Run, words: tuple[str, ...], suggested: str) -> None:
    said = run(*words)
    assert said.code == 2
    assert suggested in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "words", [("ingest",), ("processor", "void"), ("console",), ("up",), ("migrate",), ("order", "list")]
)
def test_a_wrong_setting_is_named_and_nothing_starts(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], tmp_path: Path
) -> None:
    monkeypatch.setenv("TICKETWIRE_INGEST__PORT", "eighty")
    said = run(*words)
    assert said.code == 2
    assert said.err.startswith("error: settings are wrong: ingest.port")
    assert "hint: " in said.err
    assert not list(tmp_path.iterdir())


def test_a_database_that_is_not_named_or_not_there_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run("migrate")
    assert (said.code, "postgres.dsn is empty" in said.err) == (2, True)
    monkeypatch.setenv("TICKETWIRE_POSTGRES__DSN", "postgresql://u:secret@127.0.0.1:1/d")
    said = run("migrate", "--json")
    assert (said.code, "Postgres cannot be reached" in said.err, said.out) == (1, True, "")
    assert "secret" not in said.err


def test_a_port_that_is_taken_is_said_before_anything_starts(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("TICKETWIRE_INGEST__PORT", str(taken.getsockname()[1]))
        said = run("up")
    assert said.code == 2
    assert "TICKETWIRE_INGEST__PORT" in said.err
    assert not (tmp_path / ".ticketwire" / "kafka").exists()


def test_a_fresh_key_can_be_used_at_once(run: Run) -> None:
    from pydantic import SecretStr

    from runtime.secret_box import SecretBox

    said = run("doctor", "--new-key")
    assert said.code == 0
    box = SecretBox([SecretStr(said.out.strip())])
    assert box.open(box.seal({"a": 1})) == {"a": 1}


def test_the_doctor_finds_wrong_settings_and_servers_that_are_away(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("TICKETWIRE_POSTGRES__DSN", "postgresql://u:secret@127.0.0.1:1/d")
    monkeypatch.setenv("TICKETWIRE_SOURCES", '{"a": {"dialect": "atlass"}}')
    monkeypatch.setenv("TICKETWIRE_ENCRYPTION_KEYS", '["no key"]')
    said = run("doctor", "--json")
    assert said.code == 1
    bad = {finding["place"] for finding in said.json if finding["state"] == "bad"}
    assert bad == {"Kafka", "Postgres", "settings"}
    assert all(finding["cure"] for finding in said.json if finding["state"] != "well")
    assert any("'atlas'" in finding["cure"] for finding in said.json)
    assert "secret" not in said.out


def test_the_doctor_is_content_when_nothing_is_bad(run: Run) -> None:
    said = run("doctor")
    assert said.code == 0
    assert "disk" in said.out
