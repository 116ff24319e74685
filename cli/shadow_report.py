"""A shadow's difference and a rebuild's verdict, for people; --json has the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from cli.talk import print_fields, print_heading, print_lines, print_table


def show_difference(orders: Iterable[Mapping[str, Any]]) -> None:
    """Each order with its rows: - what live has, + what the present code has, ~ what changes within a row."""
    shown = False
    for order in orders:
        shown = True
        print_heading(f"{order['order_no']} ({order['source']})")
        print_lines([*_rows(order), *_parked(order), *_events(order), *_callbacks(order)])
    if not shown:
        print_heading("no difference")


def show_shadow(result: Mapping[str, Any], run_id: str) -> None:
    """The summary of a shadow, and what to do with it."""
    print_fields(
        {
            "records read": result["records"],
            "orders compared": result["orders"],
            "orders that differ": result["differing_orders"],
            "tables that differ": _numbers(result["differing_tables"]),
            "parked that would land": result["lands"],
            "applied that would be parked": result["parks"],
            "callbacks that would be owed": result["callbacks"],
            "left to live, which has not reached them": result["not_reached_by_live"],
            "gone while reading": result["expired_while_reading"],
            "taken from live": _numbers(result["taken_from_live"]),
            "seconds": _numbers(result["seconds"]),
        }
    )
    if result["differing_orders"]:
        print_lines([f"row by row: ticketwire replay difference {run_id}"])
        print_lines([f"take it over: ticketwire replay promote {run_id}"])


def show_rebuild(result: Mapping[str, Any]) -> None:
    """Table by table."""
    rows = [
        [table["table"], table["live"][:16], table["folded"][:16], "equal" if table["equal"] else "differs"]
        for table in result["tables"]
    ]
    print_table(["table", "live", "folded", ""], rows, nothing="there are no orders")
    print_fields(
        {
            "events folded": result["records"],
            "orders compared": result["orders"],
            "orders that differ": result["differing_orders"],
            "first of them": ", ".join(result["first_orders"]),
            "seconds per 1,000 events": result["seconds_per_1000_events"],
            "arrivals whose record is gone from the log": result["not_on_kafka"],
            "left to live, which has not reached them": result["not_reached_by_live"],
            "hub's own events, taken from Postgres": result["hub_events"],
        }
    )
    if gone := result["before_log_start"]:
        taken = f"Kafka's retention no longer holds {gone:,} arrivals: they were taken from Postgres,"
        print_lines([f"{taken} and this drill proves nothing about them."])


def _rows(order: Mapping[str, Any]) -> Iterable[str]:
    for row in order["rows"]:
        name = f"{row['table']} {row['key']}".rstrip()
        if row["before"] is None:
            yield f"  + {name}: {_values(row['after'])}"
        elif row["after"] is None:
            yield f"  - {name}: {_values(row['before'])}"
        else:
            for column, value in row["after"].items():
                yield f"  ~ {name} {column}: {row['before'].get(column)!r} → {value!r}"


def _parked(order: Mapping[str, Any]) -> Iterable[str]:
    for parked in order["parked"]:
        word = "lands" if parked["lands"] else "would be parked"
        yield f"  ! {parked['topic']}/{parked['partition']}@{parked['offset']} {word} ({parked['reason']})"


def _events(order: Mapping[str, Any]) -> Iterable[str]:
    for word, events in order["events"].items():
        if events:
            yield f"  events {word}: {', '.join(events)}"


def _callbacks(order: Mapping[str, Any]) -> Iterable[str]:
    for callback in order["callbacks"]:
        word = "owes" if callback["deliverable"] else "cannot tell"
        yield f"  {word} {callback['endpoint']}: {callback['event_type']} ({callback['callback_id']})"


def _values(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in row.items() if value not in ("", [], {}))


def _numbers(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items() if value) or "none"
