"""The publisher as a service: callbacks out, health and metrics beside it, until it is told to stop."""

from dialects.registry import OUTBOUND
from publishers.publisher import Publisher, http_client
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.logs import get_logger
from runtime.service import spare_what_is_loaded, stop_signals
from runtime.settings import Settings
from store.pool import open_pool
from store.readiness import DatabaseReadiness

log = get_logger()

_HTTP_GRACE_SECONDS = 2.0


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Needs Postgres only, and only to do its work: not to start, nor to come back."""
    pool = await open_pool(settings.postgres, name="publisher", live=True)
    publisher = Publisher(pool, settings, dialects=OUTBOUND, client=http_client(settings.publisher))
    health = Health()
    health.add("postgres", DatabaseReadiness(pool))
    health.add("publisher", publisher.failing)
    server = HttpServer(health, host=settings.publisher.host, port=settings.publisher.port)
    with stop_signals() as stop:
        await server.start()
        publisher.start()
        log.info("publisher.started", worker=publisher.worker, health=server.url)
        spare_what_is_loaded()
        await stop.wait()
        log.info("publisher.stopping")
        health.stopping()
        await publisher.stop()
        await server.stop(_HTTP_GRACE_SECONDS)
        await pool.close()
    log.info("publisher.stopped")
