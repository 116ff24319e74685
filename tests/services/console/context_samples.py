"""A context of the documents' sample order for each party that takes one."""

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[2] / "samples"

CONTEXTS: dict[str, dict[str, Any]] = {
    path.parent.name: json.loads(path.read_text()) for path in SAMPLES.glob("*/context-*-atlas-04.json")
}
