"""The three ways by which tests come to a real Kafka and a real Postgres (see `--services`)."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres

# Nothing of a test run has to survive the machine's crash.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_DOCKER_SOCKET = "/var/run/docker.sock"


@asynccontextmanager
async def kafka_by(services: str, folder: Path) -> AsyncIterator[str]:
    """A Kafka for the whole run; yields its bootstrap servers."""
    if services == "external":
        yield _from_environment("TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS")
    elif services == "containers":
        _require_docker()
        from testcontainers.community.kafka import KafkaContainer

        container = KafkaContainer().with_kraft()
        container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        container.with_env("KAFKA_MESSAGE_MAX_BYTES", str(16 * 1024 * 1024))
        async with _running(container):
            yield str(container.get_bootstrap_server())
    else:
        async with EmbeddedKafka(folder / "kafka") as kafka:
            yield kafka.bootstrap_servers


@asynccontextmanager
async def postgres_by(services: str, folder: Path) -> AsyncIterator[str]:
    """A Postgres for the whole run; yields the DSN of a role that may create databases."""
    if services == "external":
        yield _from_environment("TICKETWIRE_POSTGRES__DSN")
    elif services == "containers":
        _require_docker()
        from testcontainers.community.postgres import PostgresContainer

        container = PostgresContainer("postgres:18-alpine")
        async with _running(container):
            yield str(container.get_connection_url(driver=None))
    else:
        async with EmbeddedPostgres(folder / "postgres", extra_settings=NOT_DURABLE) as postgres:
            yield postgres.dsn


def dsn_of(database: str, *, like: str) -> str:
    """The DSN of another database of the same server."""
    return urlsplit(like)._replace(path=f"/{database}").geturl()


@asynccontextmanager
async def _running(container: Any) -> AsyncIterator[None]:
    await asyncio.to_thread(container.start)
    try:
        yield
    finally:
        await asyncio.to_thread(container.stop)


def _require_docker() -> None:
    """Say it plainly when Docker is not there; its client would leave a long trace, and sockets, behind."""
    if os.environ.get("DOCKER_HOST"):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(_DOCKER_SOCKET)
        except OSError as error:
            pytest.fail(
                f"--services=containers needs a running Docker ({_DOCKER_SOCKET}: {error.strerror}); "
                "without one: --services=embedded",
                pytrace=False,
            )


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"--services=external needs {name} in the environment", pytrace=False)
    return value
