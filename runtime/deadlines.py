"""Many deadlines by one timer."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Deadlines(Generic[Key]):
    """Calls `missed` for each key that is not dropped by its time, one of the event loop's clock.

    Nearly all are dropped in time. So adding and dropping are steps in a dictionary, and only when the earliest of
    some time ago is due are all looked at: a timer for each would cost a twentieth of ingest's rate.
    """

    def __init__(self, missed: Callable[[Key], None]) -> None:
        self._missed = missed
        self._due: dict[Key, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, key: Key, at: float) -> None:
        """Expect this key to be dropped by then."""
        self._due[key] = at
        if self._timer is None or at < self._timer.when():
            self._arm(at)

    def drop(self, key: Key) -> None:
        """It came in time, or too late. Safe to repeat."""
        self._due.pop(key, None)

    def all(self) -> list[Key]:
        """Those that are neither dropped nor missed."""
        return list(self._due)

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for key in [key for key, at in self._due.items() if at <= now]:
            del self._due[key]
            self._missed(key)
        if self._due:
            self._arm(min(self._due.values()))
