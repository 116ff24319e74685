"""A process that owns both servers, for tests to end in all ways: python -m tests.services.embedded.owner FOLDER."""

import asyncio
import signal
import sys
from pathlib import Path

from embedded.services import EmbeddedServices


async def main() -> None:
    """Start both, tell their process ids on stdout, and wait to be ended."""
    async with EmbeddedServices(Path(sys.argv[1])) as services:
        sys.stdout.write(f"{services.kafka.pid} {services.postgres.pid}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    # What a shell starts in the background ignores SIGINT; here it must count however the tests were started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main())
