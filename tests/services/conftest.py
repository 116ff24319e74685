"""Real Kafka and Postgres for the tests below; each is started when the first test asks for it."""

import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres
from tests.services_under_test import NOT_DURABLE, dsn_of, kafka_by, postgres_by

OwnKafka = Callable[..., Awaitable[EmbeddedKafka]]
OwnPostgres = Callable[..., Awaitable[EmbeddedPostgres]]
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session")
def services_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this run's services keep their data; gone after the run (pytest itself would keep three runs)."""
    folder = tmp_path_factory.mktemp("services")
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session")
async def kafka_bootstrap(pytestconfig: pytest.Config, services_folder: Path) -> AsyncIterator[str]:
    """Bootstrap servers of the run's Kafka. It is shared: name topics and groups with `topic_prefix`."""
    async with kafka_by(pytestconfig.getoption("--services"), services_folder) as bootstrap:
        yield bootstrap


@pytest_asyncio.fixture(scope="session")
async def postgres_admin_dsn(pytestconfig: pytest.Config, services_folder: Path) -> AsyncIterator[str]:
    """The run's Postgres, as a role that may create databases. For tests of Ticketwire use `database_dsn`."""
    async with postgres_by(pytestconfig.getoption("--services"), services_folder) as dsn:
        yield dsn


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics and consumer groups that no other test has."""
    return f"test-{uuid.uuid4().hex[:10]}."


@pytest_asyncio.fixture(scope="session")
async def postgres_template(postgres_admin_dsn: str) -> AsyncIterator[str]:
    """The name of a database with Ticketwire's schema and nothing in it; only to be cloned."""
    from store.migrate import migrate

    name = f"ticketwire_template_{uuid.uuid4().hex[:10]}"
    await _execute(postgres_admin_dsn, f"CREATE DATABASE {name}")
    try:
        await migrate(dsn_of(name, like=postgres_admin_dsn))
        yield name
    finally:
        await _execute(postgres_admin_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def database_dsn(postgres_admin_dsn: str, postgres_template: str) -> AsyncIterator[str]:
    """A database of this test's own, with Ticketwire's schema."""
    name = f"ticketwire_test_{uuid.uuid4().hex[:10]}"
    await _execute(postgres_admin_dsn, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    try:
        yield dsn_of(name, like=postgres_admin_dsn)
    finally:
        await _execute(postgres_admin_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[OwnKafka]:
    """Starts a Kafka of this test's own, to kill and restart; stopped, and its data removed, after the test.

    Takes EmbeddedKafka's arguments; without `data_dir` each call gets a new folder.
    """
    async with AsyncExitStack() as started:

        async def start(data_dir: Path | None = None, **arguments: Any) -> EmbeddedKafka:
            kafka = EmbeddedKafka(data_dir or tmp_path / f"kafka-{uuid.uuid4().hex[:6]}", **arguments)
            started.callback(shutil.rmtree, kafka.folder.path, ignore_errors=True)
            return await started.enter_async_context(kafka)

        yield start


@pytest_asyncio.fixture
async def own_postgres(tmp_path: Path) -> AsyncIterator[OwnPostgres]:
    """Starts a Postgres of this test's own, to kill and restart; stopped, and its data removed, after the test.

    Takes EmbeddedPostgres's arguments; without `data_dir` each call gets a new folder. Not durable unless asked.
    """
    async with AsyncExitStack() as started:

        async def start(data_dir: Path | None = None, **arguments: Any) -> EmbeddedPostgres:
            arguments = {"extra_settings": NOT_DURABLE, **arguments}
            postgres = EmbeddedPostgres(data_dir or tmp_path / f"postgres-{uuid.uuid4().hex[:6]}", **arguments)
            started.callback(shutil.rmtree, postgres.folder.path, ignore_errors=True)
            return await started.enter_async_context(postgres)

        yield start


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
