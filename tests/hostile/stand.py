"""Ingest and console as real processes on a real Kafka and Postgres, with something in the database to be found."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from tests.hostile.console_cases import ConsoleCases
from tests.hostile.ingest_cases import IngestCases
from tests.hostile.parties import parties, sources
from tests.hostile.processes import Service, running
from tests.hostile.talk import Answer, Line, request
from tests.hostile.wire import Door
from tests.services.publishers.world import KEY, world_on
from tests.waiting import until

TOKEN = "token-of-the-hostile"
_ORDER = b'{"type": "order.ticketed", "data": {"orderNo": "A1"}}'


@dataclass(frozen=True, slots=True)
class Stand:
    """The two services, and what to ask them."""

    ingest: Service
    console: Service
    ingest_cases: IngestCases
    console_cases: ConsoleCases

    @property
    def doors(self) -> tuple[Door, Door]:
        """Where each is knocked at."""
        return (
            Door(self.ingest.port, b"/in/atlas", request("POST", b"/in/atlas", [], _ORDER)),
            Door(self.console.port, b"/api/v1/endpoints", _asking("/api/v1/status"), "GET"),
        )


@contextlib.asynccontextmanager
async def standing(bootstrap: str, topic_prefix: str, dsn: str, folder: Path) -> AsyncIterator[Stand]:
    """Both ready; `dsn` names a database with Ticketwire's schema."""
    environment = {
        "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "TICKETWIRE_KAFKA__TOPIC_PREFIX": topic_prefix,
        "TICKETWIRE_POSTGRES__DSN": dsn,
        "TICKETWIRE_SOURCES": json.dumps(sources()),
        "TICKETWIRE_INGEST__PORT": "0",
        "TICKETWIRE_CONSOLE__PORT": "0",
        "TICKETWIRE_ADMIN_TOKEN": TOKEN,
        "TICKETWIRE_ENCRYPTION_KEYS": json.dumps([KEY]),
    }
    known = await _known(dsn)
    async with running("ingest", environment, folder) as ingest, running("console", environment, folder) as console:
        for service in (ingest, console):
            await until(partial(_is_ready, service.port), seconds=60, what=f"{service.name} to be ready")
        described: Any = orjson.loads((await _get(console.port, "/api/openapi.json")).body)
        cases = IngestCases(parties())
        yield Stand(ingest, console, cases, ConsoleCases(described, TOKEN, known))


async def _known(dsn: str) -> list[str]:
    """Names and ids of an endpoint, orders and callbacks, made for the purpose."""
    async with world_on(dsn) as world:
        await world.endpoint("http://127.0.0.1:9/", name="known")
        orders = await world.owe(orders=3, events=2)
        callbacks = await world.fetch("SELECT callback_id FROM callbacks")
    return ["known", *orders, *(str(row["callback_id"]) for row in callbacks)]


async def _is_ready(port: int) -> bool:
    return (await _get(port, "/readyz")).status == 200


async def _get(port: int, path: str) -> Answer:
    async with Line(port) as line:
        return await line.ask(_asking(path), method="GET")


def _asking(path: str) -> bytes:
    return request("GET", path.encode(), [(b"Authorization", b"Bearer " + TOKEN.encode())], b"")
