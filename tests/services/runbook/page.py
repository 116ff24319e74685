"""docs/runbook.md as a list of commands by section, followed one block after the other as a person would."""

import asyncio
import contextlib
import io
import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from cli.main import main

PAGE = Path(__file__).parents[3] / "docs" / "runbook.md"
_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TO_FILL_IN = re.compile(r"[A-Z]{3,}")


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said and how it ended."""

    words: list[str]
    code: int
    out: str
    err: str

    @property
    def run(self) -> str:
        """The run that it asked for."""
        found = re.search(r"run ([0-9a-f-]{36})", self.err)
        assert found, f"{self.words} named no run: {self.err}"
        return found[1]


async def ticketwire(*words: str) -> Said:
    """The command in this process, beside the services under test: it blocks, so it has a thread."""

    def call() -> int:
        try:
            main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0
        return 0

    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["ticketwire", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = await asyncio.to_thread(call)
    return Said(list(words), code, out.getvalue(), err.getvalue())


def sections() -> dict[str, list[list[str]]]:
    """The blocks of commands by section."""
    return {
        title: [[line for line in block.splitlines() if line] for block in _BLOCK.findall(text)]
        for title, text in _SECTION.findall(PAGE.read_text())
    }


@dataclass
class Walk:
    """One section, block by block. Whoever follows it must come to its end."""

    title: str
    blocks: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.blocks = sections()[self.title]

    async def __aenter__(self) -> "Walk":
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if kind is None:
            assert not self.blocks, f"{self.title}: these were not followed: {self.blocks}"

    async def next(self, **filled_in: str) -> list[Said]:
        """Run the next block; each of its commands must end well. RUN, where it is not given, is the latest run."""
        said: list[Said] = []
        for line in self.blocks.pop(0):
            program, *words = shlex.split(line)
            assert program == "ticketwire", line
            if "RUN" in words and "RUN" not in filled_in:
                filled_in = filled_in | {"RUN": said[-1].run}
            words = [filled_in[word] if _TO_FILL_IN.fullmatch(word) else word for word in words]
            said.append(await ticketwire(*words))
            assert said[-1].code == 0, f"{line}\n{said[-1].out}\n{said[-1].err}"
        return said
