"""Hears Postgres' notices that callbacks became due. Without it they are found by polling, a little later."""

from collections.abc import Callable

import asyncpg

from runtime.loops import Loop
from runtime.settings import PostgresSettings
from store.owing import CHANNEL

_PROBE_SECONDS = 5.0


class Listener:
    """One connection of its own; made anew whenever it is lost, and probed, for a dead peer says nothing."""

    def __init__(self, settings: PostgresSettings, *, heard: Callable[[], None]) -> None:
        self.loop = Loop("listener", self._turn, longest_pause_seconds=2.0)
        self._settings = settings
        self._heard = heard
        self._connection: asyncpg.Connection | None = None

    async def stop(self) -> None:
        await self.loop.stop()
        self._drop()

    async def _turn(self) -> float:
        connection = self._connection
        if connection is None or connection.is_closed():
            await self._connect()
            self._heard()  # what became due while nobody listened
            return _PROBE_SECONDS
        try:
            await connection.execute("SELECT 1", timeout=_PROBE_SECONDS)
        except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self._drop()
            return 0.0
        return _PROBE_SECONDS

    async def _connect(self) -> None:
        self._drop()
        connection = await asyncpg.connect(
            self._settings.dsn.get_secret_value(),
            timeout=self._settings.connect_timeout_seconds,
            server_settings={"application_name": "ticketwire publisher listener"},
        )
        self._connection = connection
        connection.add_termination_listener(lambda _: self.loop.wake())
        await connection.add_listener(CHANNEL, lambda *_: self._heard())

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()
