"""The replayer as a service: it carries out the runs that operators asked for, until it is told to stop."""

import os

from replays.live_lane import LiveLane
from replays.registry import tasks
from replays.runner import Runner
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.logs import get_logger
from runtime.memory import keep_freed_memory
from runtime.service import COLLECT_AFTER_BATCHES, spare_what_is_loaded, stop_signals
from runtime.settings import Settings
from store.pool import open_pool
from store.readiness import DatabaseReadiness

log = get_logger()

_HTTP_GRACE_SECONDS = 2.0
_NICENESS = 10
"""Where cores are short, services with live events in hand go first: theirs is 0, and 19 is the most patient."""


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Kafka and Postgres may be away: runs wait for them."""
    os.nice(_NICENESS)
    pool = await open_pool(settings.postgres, name="replayer")
    lane = LiveLane(settings.kafka)
    runner = Runner(
        pool,
        tasks(settings),
        lane=lane,
        rate=settings.replayer.rate_per_second,
        lease_seconds=settings.replayer.lease_seconds,
    )
    health = Health()
    health.add("postgres", DatabaseReadiness(pool))
    health.add("replayer", runner.failing)
    server = HttpServer(health, host=settings.replayer.host, port=settings.replayer.port)
    with stop_signals() as stop:
        await server.start()
        runner.start()
        log.info("replayer.started", worker=runner.worker, health=server.url)
        keep_freed_memory()
        spare_what_is_loaded(collect_after=COLLECT_AFTER_BATCHES)
        await stop.wait()
        log.info("replayer.stopping")
        health.stopping()
        await runner.stop()
        await lane.close()
        await server.stop(_HTTP_GRACE_SECONDS)
        await pool.close()
    log.info("replayer.stopped")
