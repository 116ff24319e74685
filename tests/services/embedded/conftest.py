"""Kafka and Postgres behind one face, for what must hold of both."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres
from embedded.server import EmbeddedServer
from tests.services.embedded import kafka_memory, postgres_memory


@dataclass(frozen=True)
class Kind:
    """A kind of server, and how to see whether it still knows what it was told."""

    make: Callable[[Path], EmbeddedServer]
    write: Callable[[EmbeddedServer, str], Awaitable[None]]
    read: Callable[[EmbeddedServer], Awaitable[list[str]]]
    farewell: str


KINDS = {
    "kafka": Kind(EmbeddedKafka, kafka_memory.write, kafka_memory.read, "shut down completely"),
    "postgres": Kind(EmbeddedPostgres, postgres_memory.write, postgres_memory.read, "database system is shut down"),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder, gone after the test (pytest itself would keep three runs of them)."""
    yield tmp_path / "data folder"
    shutil.rmtree(tmp_path / "data folder", ignore_errors=True)
