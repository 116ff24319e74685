"""Kafka and Postgres together, as `ticketwire up` has them."""

import asyncio
from pathlib import Path
from typing import Self

from embedded.jars import Progress
from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres
from embedded.server import side_by_side


class EmbeddedServices:
    """Both servers below one data folder (`kafka/`, `postgres/`), started and stopped side by side."""

    def __init__(
        self,
        data_dir: Path,
        *,
        kafka_port: int | None = None,
        postgres_port: int | None = None,
        heap_megabytes: int = 384,
        cache_dir: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.kafka = EmbeddedKafka(
            data_dir / "kafka",
            port=kafka_port,
            heap_megabytes=heap_megabytes,
            cache_dir=cache_dir,
            progress=progress,
        )
        self.postgres = EmbeddedPostgres(data_dir / "postgres", port=postgres_port)

    async def start(self) -> None:
        """Start both and wait until both answer; raises EmbeddedError, and leaves neither running, if one does not."""
        try:
            await side_by_side(self.kafka.start(), self.postgres.start())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop both cleanly. Safe to repeat."""
        await asyncio.gather(self.kafka.stop(), self.postgres.stop())

    async def supervise(self) -> None:
        """Restart whichever ends by itself; runs until cancelled (see `EmbeddedServer.supervise`)."""
        await side_by_side(self.kafka.supervise(), self.postgres.supervise())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
