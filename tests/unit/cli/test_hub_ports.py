"""A port that Kafka or Postgres takes while they start is given to no service."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from cli import hub
from cli.places import Place, choose_places
from runtime.settings import Settings


class _Chosen(Exception):
    """Ends the start once the services' places are known."""


async def test_services_listen_where_the_servers_do_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen: list[list[Place]] = []

    def choose(settings: Settings, *, any_port: bool) -> list[Place]:
        chosen.append(choose_places(settings, any_port=any_port))
        return chosen[-1]

    async def migrated(dsn: str) -> list[str]:
        return []

    async def start_services(self: hub.Hub, places: list[Place]) -> None:
        chosen.append(places)
        raise _Chosen

    with closing(socket.socket()) as kafka:

        class Servers:
            def __init__(self, *_: object, **__: object) -> None: ...

            async def start(self) -> tuple[str, str]:
                kafka.bind(("127.0.0.1", _port(chosen[0])))
                return "127.0.0.1:1", "postgresql://nobody"

            async def stop(self) -> None: ...

        monkeypatch.setattr(hub, "choose_places", choose)
        monkeypatch.setattr(hub, "bring_up_to_date", migrated)
        monkeypatch.setattr(hub, "Servers", Servers)
        monkeypatch.setattr(hub.Hub, "_start_services", start_services)
        with pytest.raises(_Chosen):
            await hub.Hub(Settings(), data_dir=tmp_path, talk=lambda _: None, any_port=True).start()
        assert kafka.getsockname()[1] not in {place.port for place in chosen[-1]}


def _port(places: list[Place]) -> int:
    return next(place.port for place in places if place.name == "publisher")
