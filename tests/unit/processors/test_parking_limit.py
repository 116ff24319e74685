"""The parking limit."""

from collections.abc import Sequence

import pytest

from processors.parking_limit import ParkingLimit, ParkingLimitReached


def take(limit: ParkingLimit, were_parked: Sequence[bool]) -> None:
    limit.check(were_parked)
    limit.count(were_parked)


def test_one_percent_of_poison_never_reaches_the_limit() -> None:
    limit = ParkingLimit(window_records=100, limit_percent=50)
    for number in range(5000):
        take(limit, [number % 100 == 0])


def test_a_stream_that_cannot_be_decoded_reaches_the_limit() -> None:
    limit = ParkingLimit(window_records=100, limit_percent=50)
    take(limit, [True] * 50)
    with pytest.raises(ParkingLimitReached, match="51 of the latest 100 records"):
        limit.check([True])


def test_a_batch_over_the_limit_is_not_counted_so_that_reading_it_again_meets_the_same_limit() -> None:
    limit = ParkingLimit(window_records=10, limit_percent=50)
    for _ in range(3):
        with pytest.raises(ParkingLimitReached, match="10 of the latest 10"):
            limit.check([True] * 40)
    take(limit, [True] * 5)


def test_good_records_push_parked_ones_out_of_the_window() -> None:
    limit = ParkingLimit(window_records=10, limit_percent=50)
    take(limit, [True] * 5)
    take(limit, [False] * 10)
    take(limit, [True] * 5)
