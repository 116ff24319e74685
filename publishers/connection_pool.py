"""Connections that wait for their next request, by where they lead."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Hashable

from publishers.connection import Connection

IDLE_SECONDS = 4.0
"""Shorter than the usual servers' (5 s and more): a connection that the other side closes under us costs an attempt."""


class ConnectionPool:
    """The one that was used last is used next, so that no more than are needed stay open."""

    def __init__(self) -> None:
        self._idle: defaultdict[Hashable, list[Connection]] = defaultdict(list)
        self._timer: asyncio.TimerHandle | None = None

    def take(self, place: Hashable) -> Connection | None:
        """An open connection to this place; None: there is none."""
        idle = self._idle.get(place)
        since = time.monotonic() - IDLE_SECONDS
        while idle:
            connection = idle.pop()
            if connection.is_open and connection.idle_since > since:
                return connection
            connection.cut()
        return None

    def put(self, place: Hashable, connection: Connection) -> None:
        """Keep it for the next request, if there may be one."""
        if not connection.is_open:
            return
        connection.idle_since = time.monotonic()
        self._idle[place].append(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._tidy)

    def close(self) -> None:
        """Cut all that wait."""
        if self._timer is not None:
            self._timer.cancel()
        for connections in self._idle.values():
            for connection in connections:
                connection.cut()
        self._idle.clear()

    def _tidy(self) -> None:
        since = time.monotonic() - IDLE_SECONDS
        for place, connections in list(self._idle.items()):
            for connection in connections:
                if connection.idle_since <= since:
                    connection.cut()
            self._idle[place] = [one for one in connections if one.is_open]
            if not self._idle[place]:
                del self._idle[place]
        again = asyncio.get_running_loop().call_later
        self._timer = again(IDLE_SECONDS, self._tidy) if self._idle else None
