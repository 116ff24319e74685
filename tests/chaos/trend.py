"""Does a figure grow, or does it only swing?

The slope is Theil and Sen's: the median of the slopes between all pairs of points, which a fifth of wild points does
not move. Its confidence interval is Sen's, by Kendall's variance. A series is judged by the interval's lower end: it
grows when even that is more than what is allowed. So noise passes, however loud, and a small certain growth does not.

Only the second half of a series counts: the first is warming up (caches, pools, free lists, first segments).
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_POINTS = 120
"""A longer series is thinned to medians of neighbours: cheaper, and neighbours are not independent of each other."""

_ENOUGH = 8
_CONFIDENCE_Z = 2.576
"""99 %, both sides."""

Point = tuple[float, float]
"""Seconds, value."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Change per hour: the estimate, and the lower end of its 99 % interval; `level` is the median value."""

    per_hour: float
    surely_per_hour: float
    level: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much growth per hour is none: the larger of a share of the level and a plain amount."""

    share: float = 0.0
    amount: float = 0.0

    def of(self, level: float) -> float:
        return max(self.share * abs(level), self.amount)


def trend(series: Sequence[Point]) -> Trend:
    """The trend of the second half of the series' time. Raises ValueError for too few points to say anything."""
    middle = (series[0][0] + series[-1][0]) / 2 if series else 0.0
    points = _thinned([point for point in series if point[0] >= middle])
    if len(points) < _ENOUGH:
        raise ValueError(f"{len(points)} points in the second half say nothing; sample longer, or more often")
    slopes = sorted(
        (later[1] - sooner[1]) / (later[0] - sooner[0])
        for place, sooner in enumerate(points)
        for later in points[place + 1 :]
        if later[0] > sooner[0]
    )
    count = len(points)
    spread = _CONFIDENCE_Z * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    lower = max(0, math.floor((len(slopes) - spread) / 2))
    level = statistics.median(value for _, value in points)
    return Trend(statistics.median(slopes) * 3600, slopes[lower] * 3600, level)


def grows(found: Trend, allowed: Allowance) -> bool:
    """Whether it surely grows by more than is allowed."""
    return found.surely_per_hour > allowed.of(found.level)


def _thinned(points: Sequence[Point]) -> list[Point]:
    size = math.ceil(len(points) / _POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), max(1, size))]
    return [(statistics.median(t for t, _ in group), statistics.median(v for _, v in group)) for group in groups]
