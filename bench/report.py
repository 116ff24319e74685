"""The figures as tables for people. Pure: from the figures to headings, columns and rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LATENCIES = ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")


@dataclass(frozen=True, slots=True)
class Table:
    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class _Goal:
    """A measure to reach: where it stands in the figures, and how much is enough."""

    measure: str
    path: str
    goal: float
    at_most: bool = False

    def row(self, figures: Mapping[str, Any]) -> list[object] | None:
        value = _at(figures, self.path)
        if value is None:
            return None
        reached = value <= self.goal if self.at_most else value >= self.goal
        return [self.measure, value, f"{'≤' if self.at_most else '≥'} {self.goal:g}", "yes" if reached else "no"]


_GOALS = (
    _Goal("ingest, of the no-op POST", "ratios.ingest", 0.60),
    _Goal("processors, of bare asyncpg writing the same rows", "ratios.processors", 0.70),
    _Goal("publishers, of the bare HTTP client", "ratios.publishers", 0.60),
    _Goal("the whole way, delivered/s", "e2e.delivered_per_s", 3500),
    _Goal("the whole way, of the no-op POST", "ratios.whole", 0.33),
    _Goal("CPU ms per event, all but generator and sink", "cpu_ms_per_event.total", 0.6, at_most=True),
    _Goal("end to end at 200/s, p50 ms", "e2e.p50_ms_at_200", 15, at_most=True),
    _Goal("end to end at 200/s, p99 ms", "e2e.p99_ms_at_200", 45, at_most=True),
    _Goal("claim, a hundred times as much waiting, p50 of itself", "claims.ratio_p50", 1.3, at_most=True),
    _Goal("beside a dead endpoint, p99 of itself without", "dead_endpoint.ratio_p99", 1.2, at_most=True),
    _Goal("replay, of live", "replays.ratio_apply", 0.9),
    _Goal("rebuild, of live", "replays.ratio_rebuild", 0.9),
    _Goal("processors at 2 processes, of 1", "pairs.ratio_processors", 1.7),
    _Goal("publishers at 2 processes, of 1", "pairs.ratio_publishers", 1.7),
    _Goal("largest service, MB", "largest_service_mb", 150, at_most=True),
    _Goal("ingest overloaded, growth in MB a minute", "overload.growth_mb_a_minute", 0.5, at_most=True),
)


def tables(figures: Mapping[str, Any]) -> list[Table]:
    """The tables of what was measured, the ids last."""
    found = [
        Table("measured against its goal", ("measure", "value", "goal", "reached"), _goals(figures)),
        Table("rates per second", ("what", "rate"), _rates(figures)),
        Table("milliseconds", ("what", *(name.removesuffix("_ms") for name in _LATENCIES)), _latencies(figures)),
        Table("CPU milliseconds per event", ("process", "the whole way", "at 200/s", "alone"), _cpu(figures)),
    ]
    sections = ("overload", "resident_mb", "durability", "machine", "versions", "ids")
    found += [
        Table(section.replace("_", " "), ("name", "value"), [[*item] for item in figures[section].items()])
        for section in sections
        if section in figures
    ]
    return [table for table in found if table.rows]


def _goals(figures: Mapping[str, Any]) -> list[list[object]]:
    return [row for goal in _GOALS if (row := goal.row(figures))]


def _rates(figures: Mapping[str, Any]) -> list[list[object]]:
    return [
        [f"{section}: {name.removesuffix('_per_s').replace('_', ' ')}", value]
        for section in ("ceilings", "ingest", "processors", "publishers", "e2e", "pairs", "replays", "overload")
        for name, value in figures.get(section, {}).items()
        if name.endswith("_per_s")
    ]


def _latencies(figures: Mapping[str, Any]) -> list[list[object]]:
    sets = {
        "accepted, ingest alone": ("ingest", ""),
        "accepted at 200/s": ("ingest", "_at_200"),
        "end to end at 200/s": ("e2e", "_at_200"),
        "end to end at full load": ("e2e", "_at_full_load"),
    }
    rows: list[list[object]] = [
        [what, *(figures[section][f"{name}{suffix}"] for name in _LATENCIES)]
        for what, (section, suffix) in sets.items()
        if f"p50_ms{suffix}" in figures.get(section, {})
    ]
    parts = {
        "claim, few waiting": "claims.of_few",
        "claim, many waiting": "claims.of_many",
        "end to end at 200/s": "dead_endpoint.without",
        "the same beside a dead endpoint": "dead_endpoint.with",
    }
    return rows + [
        [what, *(found[name] for name in _LATENCIES)] for what, at in parts.items() if (found := _at(figures, at))
    ]


def _cpu(figures: Mapping[str, Any]) -> list[list[object]]:
    whole, steady = figures.get("cpu_ms_per_event", {}), figures.get("cpu_ms_per_event_at_200", {})
    alone = {step: figures.get(step, {}).get("cpu_ms", {}) for step in ("ingest", "processors", "publishers")}
    names = dict.fromkeys([*whole, *steady, *(name for parts in alone.values() for name in parts)])
    return [
        [
            name,
            whole.get(name),
            steady.get(name),
            ", ".join(f"{step} {parts[name]}" for step, parts in alone.items() if name in parts),
        ]
        for name in names
    ]


def _at(figures: Mapping[str, Any], path: str) -> Any:
    found: Any = figures
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
