"""What is made of measured numbers. Pure."""

import math
from collections.abc import Iterable, Sequence
from statistics import median

PERCENTS = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9}


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed (nearest rank)."""
    if not ordered:
        raise ValueError("a percentile of nothing")
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def percentiles_ms(nanoseconds: Iterable[int]) -> dict[str, float]:
    """`p50_ms`, `p90_ms`, `p99_ms`, `p999_ms` and `max_ms`; empty when there is nothing."""
    ordered = sorted(nanoseconds)
    if not ordered:
        return {}
    found = {f"{name}_ms": round(percentile(ordered, percent) / 1e6, 2) for name, percent in PERCENTS.items()}
    return {**found, "max_ms": round(ordered[-1] / 1e6, 2)}


def due_ns(number: int, *, rate: float) -> int:
    """When the event of this number is due in an open loop, after its start: whatever became of those before."""
    return round(number * 1e9 / rate)


def ratio(measured: Sequence[float], ceilings: Sequence[float]) -> float:
    """The median of each round's measure against the same round's ceiling: a slow minute slows both."""
    return round(median(value / ceiling for value, ceiling in zip(measured, ceilings, strict=True)), 3)


def slope(values: Sequence[float]) -> float:
    """By how much the values grow from one to the next (least squares); 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    centre, mean = (len(values) - 1) / 2, sum(values) / len(values)
    moved = sum((place - centre) * (value - mean) for place, value in enumerate(values))
    return moved / sum((place - centre) ** 2 for place in range(len(values)))


def middle(values: Sequence[float]) -> int:
    """The median of rates."""
    return round(median(values))
