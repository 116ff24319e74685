"""The command's exit code and what it writes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.run import MAIN_PARTS, Plan
from cli import bench_command
from cli.main import build

IDS = {"sent": 3, "accepted": 3, "applied": 3, "delivered": 3, "lost": 0, "doubled": 0}


@pytest.mark.parametrize(("wrong", "code"), [({}, 0), ({"lost": 1}, 1), ({"doubled": 1}, 1)])
def test_a_lost_or_doubled_id_is_exit_1_and_all_figures_are_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: dict[str, int], code: int
) -> None:
    figures = {"ratios": {"ingest": 0.7}, "ids": {**IDS, **wrong}}
    plans: list[Plan] = []

    async def measured(plan: Plan) -> dict[str, Any]:
        plans.append(plan)
        return figures

    monkeypatch.setattr(bench_command, "_measured", measured)
    file = tmp_path / "build" / "bench.json"
    ran = CliRunner().invoke(build(), ["bench", "--events", "2000", "--json", str(file)])
    assert ran.exit_code == code, ran.output
    assert json.loads(file.read_text()) == figures
    assert "ingest, of the no-op POST" in ran.output
    assert [(plan.events, tuple(plan.parts)) for plan in plans] == [(2000, MAIN_PARTS)]
