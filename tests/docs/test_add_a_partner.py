"""The worked example of docs/add-a-partner.md is run as it stands, through the suite that every party must pass."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import SourceSettings
from tests.conformance import INBOUND_CHECKS, OUTBOUND_CHECKS, Samples

PAGE = Path(__file__).parents[2] / "docs" / "add-a-partner.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    for name, text in zip(("party.json", "issued.json", "context.json"), blocks("json"), strict=True):
        (tmp_path / name).write_text(text)
    return Samples.of(tmp_path)


@pytest.fixture
def party() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "dialects.echo"}
    for code in blocks("python"):
        exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - the page's own code is what is tested
    return names


@pytest.mark.parametrize("check", INBOUND_CHECKS, ids=lambda check: check.__name__)
def test_the_examples_reader_passes(check: Any, party: dict[str, Any], samples: Samples) -> None:
    check(party["EchoInbound"](), samples)


@pytest.mark.parametrize("check", OUTBOUND_CHECKS, ids=lambda check: check.__name__)
def test_the_examples_writer_passes(check: Any, party: dict[str, Any], samples: Samples) -> None:
    check(party["EchoOutbound"](), samples)


def test_the_examples_source_is_a_valid_setting() -> None:
    (toml,) = blocks("toml")
    SourceSettings.model_validate(tomllib.loads(toml)["sources"]["echo"])
