"""Ingest as a service: HTTP to Kafka, alone in its process, with or without Kafka at the start."""

from ingest.app import IngestApp
from ingest.receive import Receiver
from ingest.sources import load_sources
from runtime.door_server import DoorServer
from runtime.errors import ConfigurationError
from runtime.health import Health
from runtime.kafka_clients import MAX_VALUE_BYTES
from runtime.logs import get_logger
from runtime.producer import SupervisedProducer
from runtime.service import spare_what_is_loaded, stop_signals
from runtime.settings import Settings
from schemas.topics import all_topics

log = get_logger()


class IngestService:
    """Everything of one ingest. Raises ConfigurationError when it is made or started with wrong settings."""

    def __init__(self, settings: Settings) -> None:
        ingest, prefix = settings.ingest, settings.kafka.topic_prefix
        if ingest.max_body_bytes > MAX_VALUE_BYTES:
            raise ConfigurationError(
                f"ingest.max_body_bytes is {ingest.max_body_bytes}, more than a topic takes",
                hint=f"at most {MAX_VALUE_BYTES}",
            )
        self.producer = SupervisedProducer(
            settings.kafka, topics=all_topics(prefix), send_timeout_seconds=ingest.send_timeout_seconds
        )
        self.health = Health()
        self.health.add("kafka", self.producer.trouble)
        self.receiver = Receiver(ingest, self.producer, topic_prefix=prefix)
        app = IngestApp(self.receiver, load_sources(settings.sources), self.health)
        self.server = DoorServer(app, host=ingest.host, port=ingest.port)
        self._grace = ingest.stop_grace_seconds

    async def start(self) -> None:
        """Accept requests; Kafka is connected to in the background, and until it is there the answer is 503."""
        self.producer.start()
        await self.server.start()

    async def stop(self) -> None:
        """Accept no more, finish and answer what was accepted, then part from Kafka."""
        self.health.stopping()
        await self.server.stop(self._grace)
        await self.producer.stop()


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; a second signal ends at once."""
    service = IngestService(settings)
    with stop_signals() as stop:
        await service.start()
        spare_what_is_loaded()
        log.info("service.ready", url=service.server.url)
        await stop.wait()
        log.info("service.stopping")
        await service.stop()
