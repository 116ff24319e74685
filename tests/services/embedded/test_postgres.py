"""The embedded Postgres is durable, guarded by a password, and runs as root's guest where it must."""

import os
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from embedded import identity
from embedded.data_folder import DataFolder
from embedded.identity import Identity
from embedded.postgres import EmbeddedPostgres
from runtime.errors import EmbeddedError
from tests.services.conftest import OwnPostgres
from tests.services.embedded.postgres_memory import connect, read, write

as_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root needs another identity")


async def test_it_is_durable_unless_told_otherwise(own_postgres: OwnPostgres) -> None:
    connection = await connect(await own_postgres(extra_settings={}))
    names = ["fsync", "synchronous_commit", "full_page_writes", "max_connections", "server_encoding"]
    settings = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in names}
    await connection.close()
    assert settings == dict(zip(names, ["on", "on", "on", "200", "UTF8"], strict=True))


async def test_it_keeps_more_in_memory_where_there_is_more(own_postgres: OwnPostgres) -> None:
    connection = await connect(await own_postgres(extra_settings={}))
    kept = await connection.fetchval("SELECT pg_size_bytes(current_setting('shared_buffers'))")
    await connection.close()
    megabytes = kept // 1024**2
    assert megabytes <= 1024
    assert megabytes == 128 or kept <= psutil.virtual_memory().total / 16
    assert megabytes > 128 or psutil.virtual_memory().total < 130 * 1024**2 * 16


async def test_nobody_comes_in_without_the_password(own_postgres: OwnPostgres) -> None:
    postgres = await own_postgres()
    password = postgres.folder.path / "password"
    assert password.stat().st_mode & 0o777 == 0o600
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn.replace(password.read_text(), "guess"))


async def test_a_failed_start_quotes_the_log(own_postgres: OwnPostgres) -> None:
    with pytest.raises(EmbeddedError, match="Postgres ended with exit code 1 while starting") as caught:
        await own_postgres(extra_settings={"max_connections": "many"})
    assert "max_connections" in caught.value.hint


async def test_data_of_another_version_are_left_alone(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass
    (folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="are of PostgreSQL 9"):
        await EmbeddedPostgres(folder).start()


async def test_a_lost_password_is_said_plainly(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass
    (folder / "password").unlink()
    with pytest.raises(EmbeddedError, match="password"):
        await EmbeddedPostgres(folder).start()


@pytest.fixture
def closed(folder: Path) -> Path:
    """A folder that only its owner may enter, as root's home is."""
    folder.mkdir(mode=0o700)
    return folder


@as_root
async def test_data_pass_from_one_identity_to_the_other(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    namespace, account = identity._candidates(closed)
    for run, guest in enumerate([namespace, account, namespace]):
        monkeypatch.setattr(identity, "_candidates", _only(guest))
        try:
            async with EmbeddedPostgres(closed / "postgres") as postgres:
                await write(postgres, f"run {run}")
                assert len(await read(postgres)) == run + 1
        except EmbeddedError as error:
            if "no other identity works" in error.message:
                pytest.skip(f"this machine does not allow {guest.words[0]}")
            raise


@as_root
async def test_with_no_identity_to_be_had_the_error_tells_what_was_tried(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_candidates", _only(Identity(("account", "not-a-number", "0"))))
    with pytest.raises(EmbeddedError, match="does not run as root") as caught:
        await EmbeddedPostgres(folder).start()
    assert "not-a-number" in caught.value.message


def _only(guest: Identity) -> object:
    def candidates(_: DataFolder) -> list[Identity]:
        return [guest]

    return candidates
