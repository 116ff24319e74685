"""The reference pages that are made from the code: docs/settings.md, docs/metrics.md and docs/errors.md.

`make fix` writes them anew; `make check` fails when one is not what the code says.
"""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import to_jsonable_python

import runtime.errors
from dialects.registry import INBOUND
from publishers.transport_faults import FAULTS
from runtime.errors import TicketwireError
from runtime.metrics import METRICS
from runtime.settings import PolicySettings, Settings, SourceSettings

DOCS = Path(__file__).parents[2] / "docs"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Read from `ticketwire.toml` in the working directory, then from the environment, which wins. Nested names",
        "join with two underscores: `kafka.bootstrap_servers` is `TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS`. Tables and",
        "lists are JSON in the environment. An unknown name is an error, and so is a value out of range; then nothing",
        "starts.",
        "",
        "Made from `runtime/settings.py`; change it there and run `make fix`.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
        *(_row(name, default, meaning) for name, default, meaning in _fields(Settings, "")),
        "",
        "## A source: `sources.<name>`",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
        *(_row(name, default, meaning) for name, default, meaning in _fields(SourceSettings, "sources.<name>.")),
        "",
        "## A retry policy: `policies.<name>`",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
        *(_row(name, default, meaning) for name, default, meaning in _fields(PolicySettings, "policies.<name>.")),
        "",
    ]
    return "\n".join(lines)


def metrics_page() -> str:
    lines = [
        "# Metrics",
        "",
        "Every service serves its own at `GET /metrics`, in Prometheus' text format. Made from `runtime/metrics.py`.",
        "",
        "| name | kind | labels | meaning | when it is bad |",
        "|---|---|---|---|---|",
        *(f"| `{m.name}` | {m.kind} | {', '.join(m.labels) or '-'} | {m.meaning} | {m.remedy} |" for m in METRICS),
        "",
    ]
    return "\n".join(lines)


def errors_page() -> str:
    lines = [
        "# Errors",
        "",
        "Every error a person may see has a stable code, a message with the value seen, and a hint. The API answers",
        'them as `{"error": {"code", "message", "hint"}}`; the command line prints message and hint. Made from',
        "`runtime/errors.py`.",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| `{error.code}` | {_first_line(error)} |" for error in _errors()),
        "",
        "The console adds, by HTTP status: `not-json` (400), `unauthorized` (401), `method-not-allowed` (405),",
        "`too-large` (413), `internal` (500).",
        "",
        "## Why an event is parked",
        "",
        "At stage `record`: `tombstone`, `header-missing`, `header-not-utf8`, `header-unreadable`. At stage `read`:",
        "`unknown-dialect`, `decoder-failed` (a defect of ours, by place), and each dialect's own, below. At stage",
        "`decide`: `wrong-type`. At stage `apply`: `data-refused` (Postgres will not take a value), `apply-failed` (a",
        "defect of ours). After a redrive, at stage `record`: `processor-unknown` (this version has none so named).",
        "",
        *(line for name in sorted(INBOUND) for line in _reasons(name)),
        "## Why an attempt failed",
        "",
        "| stage | code | meaning |",
        "|---|---|---|",
        *(f"| {stage} | `{code}` | {text} |" for stage, codes in FAULTS.items() for code, text in codes.items()),
        "| before | `write-failed` | a defect of ours in the dialect |",
        "| during | `worker-lost`, `publisher-failed` | perhaps sent: our process ended, or failed |",
        "| after | `http-<status>`, `redirect`, `refused-by-partner`, `refused-for-good` | what the partner answered |",
        "| after | `judge-failed` | a defect of ours in the dialect |",
        "| any | `shutdown`, `claim-lost` | no attempt used up |",
        "",
    ]
    return "\n".join(lines)


PAGES = {"settings.md": settings_page, "metrics.md": metrics_page, "errors.md": errors_page}


def _reasons(party: str) -> Iterator[str]:
    reasons = getattr(import_module(f"dialects.{party}.read"), "REASONS", {})
    if reasons:
        yield f"Dialect `{party}`:"
        yield ""
        yield "| reason | meaning |"
        yield "|---|---|"
        yield from (f"| `{reason}` | {meaning} |" for reason, meaning in reasons.items())
        yield ""


def _errors() -> Iterator[type[TicketwireError]]:
    for value in vars(runtime.errors).values():
        if isinstance(value, type) and issubclass(value, TicketwireError) and value is not TicketwireError:
            yield value


def _first_line(error: type[TicketwireError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from _fields(type(default), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", "required" if field.is_required() else _shown(default), field.description or ""


def _shown(default: Any) -> str:
    if isinstance(default, SecretStr) or default in (None, (), ""):
        return "empty"
    return f"`{json.dumps(to_jsonable_python(_plain(default)), ensure_ascii=False)}`"


def _plain(value: Any) -> Any:
    """Only what differs from the defaults, so that a table of sources stays legible."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value


def _row(name: str, default: str, meaning: str) -> str:
    return f"| `{name}` | {default} | {meaning} |"


def write_pages() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    write_pages()
