"""The console's process."""

import asyncio
import contextlib
from collections.abc import Mapping

from console.app import build_app
from console.context import Console, Dialect
from runtime.errors import ConfigurationError
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.logs import get_logger
from runtime.secret_box import SecretBox
from runtime.service import stop_signals
from runtime.settings import Settings
from store.pool import open_pool
from store.readiness import DatabaseReadiness

log = get_logger()

STOP_GRACE_SECONDS = 5.0


async def run(settings: Settings, dialects: Mapping[str, Dialect]) -> None:
    """Serve until SIGTERM. Postgres may be away, at the start too: calls are answered 503 until it is back.

    Raises ConfigurationError when the token, a key or the address is wrong.
    """
    if not settings.postgres.dsn.get_secret_value():
        raise ConfigurationError(
            "postgres.dsn is empty: the console reads everything from Postgres",
            hint="set TICKETWIRE_POSTGRES__DSN, or start everything with: ticketwire up",
        )
    box = SecretBox(settings.encryption_keys)
    pool = await open_pool(settings.postgres, name="console")
    health = Health()
    health.add("postgres", DatabaseReadiness(pool))
    try:
        app = build_app(Console(settings, pool, box, dialects), health)
        server = HttpServer(app, host=settings.console.host, port=settings.console.port)
        with stop_signals() as stop:
            await server.start()
            log.info("console.started", url=server.url)
            await stop.wait()
            health.stopping()
            await server.stop(STOP_GRACE_SECONDS)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), STOP_GRACE_SECONDS)  # what is left then is cut
    log.info("console.stopped")
