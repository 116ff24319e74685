"""What the command line says: data to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.errors import TicketwireError

WIDE_COLUMNS = 400
"""Width of a table that goes into a pipe or a file: nobody's terminal must cut it."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of text for people.")]


def say(text: str) -> None:
    """A word to the person, never part of the data."""
    print(text, file=sys.stderr, flush=True)


def say_error(error: TicketwireError) -> None:
    """What was wrong and what to do about it."""
    say(f"error: {error.message}")
    if error.hint:
        say(f"  hint: {error.hint}")


def print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2), flush=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, nothing: str = "") -> None:
    """A table; or, when there are no rows, a word about it to the person."""
    if not rows:
        say(nothing)
        return
    table = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_word(value)) for value in row))
    _out().print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """One thing, a field a line."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(name.replace("_", " "), Text(_word(value)))
    _out().print(table)


def print_heading(text: str) -> None:
    _out().print(Text(f"\n{text}", style="bold"))


def print_lines(lines: Iterable[str]) -> None:
    """As they are, whatever the width."""
    for line in lines:
        print(line, flush=True)


def _out() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDE_COLUMNS, highlight=False)


def _word(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {entry}" for name, entry in value.items()) or "-"
    return str(value)
