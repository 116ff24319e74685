"""Kafka and Postgres for `up` and `demo`: those of the settings, or embedded ones where there are none."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.download_bar import DownloadBar
from runtime.errors import ConfigurationError
from runtime.settings import Settings

if TYPE_CHECKING:
    from embedded.kafka import EmbeddedKafka
    from embedded.postgres import EmbeddedPostgres


class Servers:
    """What the settings leave empty is embedded, with its data below `data_dir`."""

    def __init__(self, settings: Settings, *, data_dir: Path, talk: Callable[[str], None]) -> None:
        self._bootstrap = settings.kafka.bootstrap_servers
        self._dsn = settings.postgres.dsn.get_secret_value()
        self._data_dir = data_dir
        self._talk = talk
        self._kafka: EmbeddedKafka | None = None
        self._postgres: EmbeddedPostgres | None = None

    async def start(self) -> tuple[str, str]:
        """Start what is embedded; the bootstrap servers and the DSN. Raises EmbeddedError, ConfigurationError."""
        if not self._bootstrap or not self._dsn:
            self._embed()
        embedded = [server for server in (self._kafka, self._postgres) if server is not None]
        if embedded:
            self._talk(f"starting {' and '.join(server.name for server in embedded)} (data in {self._data_dir})")
        try:
            async with asyncio.TaskGroup() as starting:
                for server in embedded:
                    starting.create_task(server.start())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        bootstrap = self._kafka.bootstrap_servers if self._kafka else self._bootstrap
        return bootstrap, self._postgres.dsn if self._postgres else self._dsn

    async def watch(self) -> None:
        """Restart what ends by itself; runs until cancelled, raises EmbeddedError when it ends again and again."""
        embedded = [server for server in (self._kafka, self._postgres) if server is not None]
        await asyncio.gather(*(server.supervise() for server in embedded), asyncio.Event().wait())

    def processes(self) -> dict[str, int]:
        """Process ids of what is embedded, by name."""
        return {server.name.lower(): server.pid for server in (self._kafka, self._postgres) if server is not None}

    async def stop(self) -> None:
        """Stop what is embedded, cleanly. Safe to repeat."""
        embedded = [server for server in (self._kafka, self._postgres) if server is not None]
        await asyncio.gather(*(server.stop() for server in embedded))

    def _embed(self) -> None:
        try:
            from embedded.kafka import EmbeddedKafka
            from embedded.postgres import EmbeddedPostgres
        except ImportError as error:
            raise ConfigurationError(
                f"no Kafka or Postgres is configured, and the embedded ones are not installed ({error.name})",
                hint="install ticketwire[embedded], or set kafka.bootstrap_servers and postgres.dsn in the settings",
            ) from None
        if not self._bootstrap:
            self._kafka = EmbeddedKafka(self._data_dir / "kafka", progress=DownloadBar(self._talk))
        if not self._dsn:
            self._postgres = EmbeddedPostgres(self._data_dir / "postgres")
