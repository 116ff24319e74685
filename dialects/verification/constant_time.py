"""Comparison that takes the same time wherever two values first differ, so that answers teach a guesser nothing."""

import hmac
from collections.abc import Sequence


def live_number(given: Sequence[bytes], live: Sequence[bytes]) -> int:
    """Which of the live values one of the given ones is, from 1; 0: none. Every pair is compared."""
    matches = [[hmac.compare_digest(one, other) for one in given] for other in live]
    return next((number for number, compared in enumerate(matches, 1) if True in compared), 0)
