"""Percentiles, schedules and ratios."""

import pytest

from bench.figures import due_ns, middle, percentile, percentiles_ms, ratio, slope


def test_a_percentile_is_a_value_that_so_many_do_not_exceed() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert [percentile(ordered, percent) for percent in (0, 50, 90, 99, 99.9, 100)] == [1, 50, 90, 99, 100, 100]
    assert percentile([7.0], 50) == percentile([7.0], 99.9) == 7.0


def test_a_percentile_of_nothing_is_refused_and_none_are_shown() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)
    assert percentiles_ms([]) == {}


def test_latencies_are_shown_in_milliseconds_whatever_their_order() -> None:
    shown = percentiles_ms([3_000_000, 1_000_000, 2_000_000, 40_000_000])
    assert shown == {"p50_ms": 2.0, "p90_ms": 40.0, "p99_ms": 40.0, "p999_ms": 40.0, "max_ms": 40.0}


def test_an_open_loop_is_due_by_its_rate_alone_and_gathers_no_rounding() -> None:
    assert [due_ns(n, rate=200) for n in range(3)] == [0, 5_000_000, 10_000_000]
    assert due_ns(3_000_000, rate=3) == 1_000_000 * 10**9


def test_a_ratio_is_of_the_same_round_so_that_a_slow_minute_slows_both() -> None:
    assert ratio([600, 300, 60], [1000, 500, 100]) == 0.6
    assert ratio([600, 100, 600], [1000, 1000, 1000]) == 0.6
    assert middle([1.0, 900.0, 2.4]) == 2


def test_a_slope_is_the_growth_from_one_value_to_the_next_whatever_the_noise() -> None:
    assert slope([5.0, 5.0, 5.0]) == slope([5.0]) == slope([]) == 0.0
    assert slope([1.0, 3.0, 5.0, 7.0]) == 2.0
    assert slope([0.0, 1.0, 0.0, 1.0, 0.0]) == 0.0
