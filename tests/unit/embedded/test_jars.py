"""Which jars, from where, into which folder, and what is said when they cannot be had."""

import asyncio
import hashlib
import re
from pathlib import Path

import pytest

from embedded.jars import PinnedJar, default_cache_dir, fetch_jars, kafka_version, pinned_jars, repository
from runtime.errors import EmbeddedError
from tests.unit.embedded.file_server import FileServer

CONTENTS = {"kafka-clients": b"clients" * 9000, "kafka_2.13": b"server" * 9000}


@pytest.fixture
def jars() -> list[PinnedJar]:
    return [
        PinnedJar(
            group="org.apache.kafka",
            artifact=artifact,
            version="4.9.9",
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for artifact, content in CONTENTS.items()
    ]


@pytest.fixture
def repository_of_jars(server: FileServer, jars: list[PinnedJar], monkeypatch: pytest.MonkeyPatch) -> FileServer:
    for jar in jars:
        server.files[jar.url("")] = CONTENTS[jar.artifact]
    monkeypatch.setenv("TICKETWIRE_MAVEN_REPOSITORY", server.address)
    return server


def test_the_lock_file_pins_a_whole_kafka() -> None:
    jars = pinned_jars()
    names = {jar.artifact for jar in jars}
    assert {"kafka_2.13", "kafka-clients", "zstd-jni", "snappy-java", "lz4-java", "log4j-core"} <= names
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert kafka_version(jars).startswith("4.")
    assert [PinnedJar.parse(jar.line()) for jar in jars] == jars


@pytest.mark.parametrize("line", ["a:b:1.0", "a:b:1.0:many:00", "a:b:1.0:1:00:more"])
def test_a_line_that_pins_nothing_is_shown(line: str) -> None:
    with pytest.raises(EmbeddedError, match=line):
        pinned_jars(f"# comment\n\n{line}\n")


async def test_missing_jars_are_fetched_once(
    repository_of_jars: FileServer, jars: list[PinnedJar], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    first = await fetch_jars(jars, cache_dir=tmp_path, progress=lambda done, total: told.append((done, total)))
    again = await fetch_jars(jars, cache_dir=tmp_path)
    total = sum(jar.size_bytes for jar in jars)
    assert [path.read_bytes() for path in first] == list(CONTENTS.values())
    assert again == first
    assert len(repository_of_jars.requests) == len(jars)
    assert told[-1] == (total, total)


async def test_progress_counts_only_what_is_left_of_a_half(
    repository_of_jars: FileServer, jars: list[PinnedJar], tmp_path: Path
) -> None:
    folder = tmp_path / "kafka-4.9.9"
    folder.mkdir()
    (folder / f"{jars[0].file_name}.part").write_bytes(CONTENTS[jars[0].artifact][:5000])
    told: list[tuple[int, int]] = []
    await fetch_jars(jars, cache_dir=tmp_path, progress=lambda done, total: told.append((done, total)))
    left = sum(jar.size_bytes for jar in jars) - 5000
    assert told[-1] == (left, left)


async def test_two_at_once_fetch_each_jar_once(
    repository_of_jars: FileServer, jars: list[PinnedJar], tmp_path: Path
) -> None:
    await asyncio.gather(fetch_jars(jars, cache_dir=tmp_path), fetch_jars(jars, cache_dir=tmp_path))
    assert len(repository_of_jars.requests) == len(jars)


async def test_a_jar_that_rotted_in_the_cache_is_fetched_anew(
    repository_of_jars: FileServer, jars: list[PinnedJar], tmp_path: Path
) -> None:
    paths = await fetch_jars(jars, cache_dir=tmp_path)
    paths[0].write_bytes(b"rotten")
    await fetch_jars(jars, cache_dir=tmp_path)
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())


async def test_without_a_network_the_error_says_what_to_put_where(
    repository_of_jars: FileServer, jars: list[PinnedJar], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fetch_jars(jars, cache_dir=tmp_path)
    folder = tmp_path / "kafka-4.9.9"
    (folder / jars[1].file_name).unlink()
    monkeypatch.setenv("TICKETWIRE_MAVEN_REPOSITORY", "http://127.0.0.1:1")
    with pytest.raises(EmbeddedError) as caught:
        await fetch_jars(jars, cache_dir=tmp_path)
    assert "http://127.0.0.1:1" in caught.value.message
    assert str(folder) in caught.value.hint
    assert "org.apache.kafka:kafka_2.13:4.9.9" in caught.value.hint
    assert "kafka-clients" not in caught.value.hint


@pytest.fixture
def mirror(jars: list[PinnedJar], tmp_path: Path) -> Path:
    """A folder laid out as a repository is."""
    folder = tmp_path / "mirror"
    for jar in jars:
        file = Path(jar.url(str(folder)))
        file.parent.mkdir(parents=True)
        file.write_bytes(CONTENTS[jar.artifact])
    return folder


async def test_a_folder_can_be_the_repository(
    jars: list[PinnedJar], mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETWIRE_MAVEN_REPOSITORY", mirror.as_uri())
    paths = await fetch_jars(jars, cache_dir=tmp_path / "cache")
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())


def test_the_central_repository_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETWIRE_MAVEN_REPOSITORY", raising=False)
    assert repository().startswith("https://")


def test_the_cache_is_the_users_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETWIRE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache_dir() == Path("/somewhere/ticketwire")
    monkeypatch.setenv("TICKETWIRE_CACHE_DIR", "/elsewhere")
    assert default_cache_dir() == Path("/elsewhere")


async def test_a_cache_that_cannot_be_made_is_an_error(jars: list[PinnedJar], tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(EmbeddedError, match="cannot be made: Not a directory"):
        await fetch_jars(jars, cache_dir=in_the_way)
