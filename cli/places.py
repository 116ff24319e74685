"""The services of one machine: what each is called, how it is started, where it listens."""

from dataclasses import dataclass

from cli.api_client import address
from cli.ports import Ports
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """One service. `section` is its section of the settings, in the environment's words."""

    name: str
    words: tuple[str, ...]
    section: str
    host: str
    port: int

    @property
    def url(self) -> str:
        return address(self.host, self.port)


def choose_places(settings: Settings, ports: Ports, *, any_port: bool) -> list[Place]:
    """Every service in the order of stopping: as events flow, so that what was accepted is finished.

    Raises ConfigurationError when the port of ingest or console is taken; with `any_port` a free one will do.
    """
    from processors.registry import PROCESSORS

    ingest, console = settings.ingest, settings.console
    ingest_port = ports.configured("ingest", ingest.host, ingest.port, or_free=any_port)
    console_port = ports.configured("console", console.host, console.port, or_free=any_port)
    host = settings.processors.host
    return [
        Place("ingest", ("ingest",), "INGEST", ingest.host, ingest_port),
        *(Place(f"processor-{name}", ("processor", name), "PROCESSORS", host, ports.free(host)) for name in PROCESSORS),
        Place("publisher", ("publisher",), "PUBLISHER", settings.publisher.host, ports.free(settings.publisher.host)),
        Place("replayer", ("replayer",), "REPLAYER", settings.replayer.host, ports.free(settings.replayer.host)),
        Place("console", ("console",), "CONSOLE", console.host, console_port),
    ]
