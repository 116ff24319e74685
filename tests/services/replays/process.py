"""A replayer as a real process, to be killed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.settings import Settings


@asynccontextmanager
async def replayer_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """`ticketwire replayer` with these settings; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "replayer"),
        env=os.environ | _environment(settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "TICKETWIRE_POSTGRES__DSN": settings.postgres.dsn.get_secret_value(),
        "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TICKETWIRE_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "TICKETWIRE_PROCESSORS__BATCH_RECORDS": "25",
        "TICKETWIRE_REPLAYER__LEASE_SECONDS": "1.5",
    }
