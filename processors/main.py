"""The processors' process: one or several processors, each with a consumer group of its own, and their health."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from dialects.registry import INBOUND, wire_forms
from processors.consume import Consumer
from processors.contract import Processor
from processors.handle import Handler
from processors.parking_limit import ParkingLimit
from processors.registry import find_processors
from processors.supervise import Supervisor
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.logs import get_logger
from runtime.memory import keep_freed_memory
from runtime.service import COLLECT_AFTER_BATCHES, spare_what_is_loaded, stop_signals
from runtime.settings import Settings
from store.pool import open_pool
from store.readiness import DatabaseReadiness

log = get_logger()


async def run(settings: Settings, names: Sequence[str]) -> None:
    """Run these processors until SIGTERM or SIGINT. Kafka and Postgres may be away: work begins when they come."""
    processors = find_processors(names)
    health = Health()
    server = HttpServer(health, host=settings.processors.host, port=settings.processors.port)
    with stop_signals() as stop:
        pool = await open_pool(settings.postgres, name=f"processor {' '.join(names)}", live=True)
        health.add("postgres", DatabaseReadiness(pool))
        supervisors = [_supervisor(settings, processor, pool=pool) for processor in processors]
        for processor, supervisor in zip(processors, supervisors, strict=True):
            health.add(f"processor {processor.name}", supervisor.trouble)
            supervisor.start()
        await server.start()
        log.info("service.ready", url=server.url, processors=[processor.name for processor in processors])
        keep_freed_memory()
        spare_what_is_loaded(collect_after=COLLECT_AFTER_BATCHES)
        await stop.wait()
        health.stopping()
        for supervisor in supervisors:
            await supervisor.stop()
        await server.stop(1.0)
        await pool.close()


def _supervisor(settings: Settings, processor: Processor[Any], *, pool: asyncpg.Pool) -> Supervisor:
    handler = Handler(
        processor,
        pool=pool,
        dialects=INBOUND,
        wire_forms=wire_forms(),
        limit=ParkingLimit(
            window_records=settings.processors.parking_window_records,
            limit_percent=settings.processors.parking_limit_percent,
        ),
        patience_seconds=settings.processors.retry_in_place_seconds,
    )

    def make_consumer() -> Consumer:
        return Consumer(settings, name=processor.name, event_type=processor.event_type, handler=handler)

    return Supervisor(
        make_consumer,
        name=processor.name,
        busy=lambda: handler.trouble,
        session_timeout_seconds=settings.processors.session_timeout_seconds,
    )
