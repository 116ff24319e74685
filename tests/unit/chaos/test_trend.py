import random

import pytest

from tests.chaos.trend import Allowance, Point, grows, trend

FIVE_PERCENT = Allowance(share=0.05)


def series(*, per_hour: float = 0.0, noise: float = 0.0, level: float = 100.0, minutes: int = 30) -> list[Point]:
    """A point every five seconds."""
    draw = random.Random(7)
    return [(t, level + per_hour * t / 3600 + draw.gauss(0, noise)) for t in range(0, minutes * 60, 5)]


def test_a_rising_figure_grows() -> None:
    found = trend(series(per_hour=20))
    assert found.per_hour == pytest.approx(20)
    assert grows(found, FIVE_PERCENT)


def test_a_rise_shows_through_noise() -> None:
    assert grows(trend(series(per_hour=40, noise=5)), FIVE_PERCENT)


def test_a_noisy_flat_figure_does_not_grow() -> None:
    assert not grows(trend(series(noise=30)), FIVE_PERCENT)


def test_less_growth_than_allowed_is_none() -> None:
    assert not grows(trend(series(per_hour=3, noise=1)), FIVE_PERCENT)
    assert not grows(trend(series(per_hour=20)), Allowance(share=0.05, amount=25))


def test_a_falling_figure_does_not_grow() -> None:
    assert not grows(trend(series(per_hour=-50)), FIVE_PERCENT)


def test_warming_up_in_the_first_half_does_not_count() -> None:
    warm = [(t, min(value, 110.0)) for t, value in series(per_hour=200)]
    assert not grows(trend(warm), FIVE_PERCENT)


def test_a_few_wild_points_do_not_count() -> None:
    spiked = [(t, value * 50 if n % 10 == 0 else value) for n, (t, value) in enumerate(series(noise=1))]
    assert not grows(trend(spiked), FIVE_PERCENT)


def test_a_saw_that_comes_back_down_does_not_grow() -> None:
    saw = [(t, 100.0 + t % 240 / 10) for t, _ in series()]
    assert not grows(trend(saw), FIVE_PERCENT)


def test_too_few_points_say_nothing() -> None:
    with pytest.raises(ValueError, match="4 points in the second half"):
        trend([(float(t), 1.0) for t in range(8)])
