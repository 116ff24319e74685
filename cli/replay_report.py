"""What came of a replay, for people; --json has the same."""

from collections.abc import Mapping
from typing import Any

from cli.talk import print_fields, print_heading, print_table


def show_result(result: Mapping[str, Any]) -> None:
    """A table where there is a list of counts, fields otherwise."""
    if "parts" in result:
        _show_parts(result)
    elif "by_type" in result:
        _show_types(result)
    else:
        print_fields(result)


def _show_parts(result: Mapping[str, Any]) -> None:
    """A dry run."""
    words = list(result["total"])
    columns = ["type", "partition", "offsets", "first", "last", *words]
    rows = [
        [part["type"], part["partition"], _span(part), part["first_time"], part["last_time"]]
        + [part[word] for word in words]
        for part in result["parts"]
        if part["records"]
    ]
    rows.append(["total", "", "", "", "", *result["total"].values()])
    print_table([column.replace("_", " ") for column in columns], rows)
    _show_left_out(result)


def _show_types(result: Mapping[str, Any]) -> None:
    """An applied replay."""
    words = list(dict.fromkeys(word for counts in result["by_type"].values() for word in counts))
    rows = [[type_, *(counts.get(word, 0) for word in words)] for type_, counts in result["by_type"].items()]
    print_table(["type", *(word.replace("_", " ") for word in words)], rows, nothing="nothing was selected")
    _show_left_out(result)


def _show_left_out(result: Mapping[str, Any]) -> None:
    if result["expired_while_reading"]:
        print_heading(f"retention took {result['expired_while_reading']:,} offsets before they were read")
    if result["not_reached_by_live"]:
        print_heading(f"{result['not_reached_by_live']:,} offsets are left to live, which has not come there yet")


def _span(part: Mapping[str, Any]) -> str:
    return f"{part['first_offset']}–{part['last_offset']}"
