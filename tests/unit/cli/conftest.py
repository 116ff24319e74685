"""The command line, run in this process in an empty folder without any settings."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import main


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("order", "list")`."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TICKETWIRE_")]:
        monkeypatch.delenv(name)

    def call(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["ticketwire", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Said(ended.value.code if isinstance(ended.value.code, int) else 0, said.out, said.err)

    return call
