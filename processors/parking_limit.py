"""The parking limit: a decoder that fails for everything must stop its consumer, not park the whole stream."""

from collections import deque
from collections.abc import Sequence


class ParkingLimitReached(Exception):
    """Too much of the latest records cannot be applied; nothing of this batch was taken, all of it lies on Kafka."""


class ParkingLimit:
    """Looks at the latest `window_records` records; more than `limit_percent` of the whole window may not be parked.

    A stream that has just begun is judged by the whole window too, so that a few bad first events stop nobody.
    """

    def __init__(self, *, window_records: int, limit_percent: int) -> None:
        self._latest: deque[bool] = deque(maxlen=window_records)
        self._most = window_records * limit_percent // 100
        self._limit_percent = limit_percent

    def check(self, were_parked: Sequence[bool]) -> None:
        """Look at what is about to be committed; raises ParkingLimitReached when it would pass the limit."""
        window = deque(self._latest, maxlen=self._latest.maxlen)
        window.extend(were_parked)
        parked = sum(window)
        if parked > self._most:
            raise ParkingLimitReached(
                f"{parked} of the latest {self._latest.maxlen} records cannot be applied,"
                f" more than {self._limit_percent} %"
            )

    def count(self, were_parked: Sequence[bool]) -> None:
        """Remember what was committed, each record once."""
        self._latest.extend(were_parked)
