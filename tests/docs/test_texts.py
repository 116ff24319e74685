"""What the texts promise can be found: paths, make targets, links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import build

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if path.is_file()
)
MAKE_TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", (ROOT / page).read_text()))
    assert named <= MAKE_TARGETS, f"{page} names make targets that do not exist"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", (ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_source_file_that_a_page_names_exists(page: Path) -> None:
    folders = "schemas|runtime|dialects|store|ingest|processors|publishers|console|embedded|cli|bench|tests|docs"
    for target in re.findall(rf"`((?:{folders})/[\w./-]+\.\w+)`", (ROOT / page).read_text()):
        assert (ROOT / target).exists(), f"{page} names {target}, which is not there"


def test_no_party_is_named_outside_its_folder() -> None:
    """DESIGN: party names stand only in dialects, samples, settings examples and docs."""
    parties = re.compile(r"\b(fliggy|alitrip|aerohub|datacentre)\b", re.IGNORECASE)
    for folder in ("schemas", "runtime", "store", "ingest", "processors", "publishers", "console", "embedded", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not parties.search(path.read_text()), f"{path.relative_to(ROOT)} names a party"


def test_every_decision_says_its_status_context_and_consequences() -> None:
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        text = path.read_text()
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{path.name} has no {heading!r}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    for words in _commands((ROOT / page).read_text()):
        command: Any = get_command(build())
        while isinstance(command, TyperGroup) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        by_itself = (
            isinstance(command, TyperGroup) and command.invoke_without_command and "".join(words[:1]).startswith("--")
        )
        assert not isinstance(command, TyperGroup) or by_itself or words in ([], ["--help"]), (
            f"{page}: no command {' '.join(words)!r}"
        )
        options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        unknown = [word.split("=")[0] for word in words if word.startswith("--") and word.split("=")[0] not in options]
        assert not unknown, f"{page}: {command.name} has no option {unknown}"


def _commands(text: str) -> Iterator[list[str]]:
    """`ticketwire …` between backticks, or as an indented line of shell, without what a comment or a pipe follows."""
    found = re.findall(r"`(?:\.venv/bin/)?ticketwire ([^`]+)`", text)
    found += re.findall(r"^    (?:\.venv/bin/)?ticketwire (.+)$", text, flags=re.MULTILINE)
    for line in found:
        yield re.split(r"\s+[#|>]", line)[0].split()
