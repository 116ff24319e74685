"""How often an endpoint is called that calls do not reach: refused, unresolved, not connected in time. Pure.

Such calls fail at once and by the hundred, so that without this an endpoint that is down would take up the process
in bursts, whenever many of its callbacks fall due together. After a few on end each process calls it at a walking
pace, until one call reaches it; then it has its full speed again at once. Nothing is skipped: each call is an attempt
of its callback, at its turn.
"""

from dataclasses import dataclass

MISSES = 5
"""Calls on end that did not reach it, until it is called at the walking pace."""

SECONDS_BETWEEN = 0.2


@dataclass(slots=True)
class Reach:
    """Of one endpoint. Moments are monotonic seconds."""

    missed: int = 0
    called_at: float = 0.0

    def tried(self, *, reached: bool) -> None:
        self.missed = 0 if reached else self.missed + 1

    def called(self, now: float) -> None:
        self.called_at = now

    @property
    def walking(self) -> bool:
        return self.missed >= MISSES

    def wait(self, now: float) -> float:
        """Seconds until it may be called; 0.0: now."""
        return max(0.0, self.called_at + SECONDS_BETWEEN - now) if self.walking else 0.0
