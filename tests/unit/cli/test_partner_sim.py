"""`ticketwire partner-sim` as a user meets it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.http_call import call
from cli.partner_manners import MANNERS
from dialects.registry import PARTNERS
from tests.unit.cli.conftest import Run


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "cli", "partner-sim", "--json", "--secret", "s", "--misbehave", "refuse:1"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:  # noqa: S603 - ours
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_it_says_where_it_listens_with_which_credentials_and_what_came(simulator: subprocess.Popen[str]) -> None:
    assert simulator.stdout is not None
    listening = {place["party"]: place for place in json.loads(simulator.stdout.readline())["listening"]}
    assert set(listening) == set(PARTNERS)
    for party, place in listening.items():
        assert place["credentials"] == PARTNERS[party].credentials("s")
        for _ in range(2):
            call("POST", place["url"], headers={}, body=b"{}", timeout_seconds=10)
            refused = json.loads(simulator.stdout.readline())
            assert (refused["party"], refused["accepted"]) == (party, False)
        assert refused["verdict"].startswith("refused: ")
        assert refused["manner"] == ""


def test_its_help_teaches_every_manner(run: Run) -> None:
    said = run("partner-sim", "--help")
    assert said.code == 0
    for name, manner in MANNERS.items():
        assert name in said.out
        assert manner.what.split()[-1] in said.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nobody"], "there is no party 'nobody'"),
        (["standard", "--misbehave", "atlas=fail"], "there is no party 'atlas'"),
        (["--misbehave", "sulk"], "there is no manner 'sulk'"),
        (["--misbehave", "fail:often"], "is not of the form [PARTY=]MANNER[:TIMES]"),
        (["--credentials", "standard"], "is not of the form PARTY={JSON object}"),
        (["--credentials", "standard=[]"], "is not of the form PARTY={JSON object}"),
        (["--port", "65535"], "ports from 65535 on"),
    ],
)
def test_a_wrong_command_line_is_named(run: Run, words: list[str], why: str) -> None:
    said = run("partner-sim", *words)
    assert said.code == 2
    assert why in said.err
