"""Kafka's jars: which ones exactly (kafka-jars.lock), from where, and where they are cached."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from embedded.download import DownloadFailed, download, has_digest, size_so_far
from embedded.file_lock import waiting_lock
from runtime.errors import EmbeddedError

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
CACHE_VARIABLE = "TICKETWIRE_CACHE_DIR"
REPOSITORY_VARIABLE = "TICKETWIRE_MAVEN_REPOSITORY"
_PARALLEL_DOWNLOADS = 6

# Told the bytes fetched so far and the bytes to fetch in all; called from several threads.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class PinnedJar:
    """One line of the lock file."""

    group: str
    artifact: str
    version: str
    size_bytes: int
    sha256: str

    @classmethod
    def parse(cls, line: str) -> "PinnedJar":
        """The reverse of `line`; raises EmbeddedError."""
        try:
            group, artifact, version, size, sha256 = line.split(":")
            return cls(group=group, artifact=artifact, version=version, size_bytes=int(size), sha256=sha256)
        except ValueError as error:
            raise EmbeddedError(
                f"{LOCK_FILE.name} has a line that pins no jar: {line!r}",
                hint="a line is group:artifact:version:size:sha256",
            ) from error

    def line(self) -> str:
        """How the lock file writes it."""
        return f"{self.coordinates}:{self.size_bytes}:{self.sha256}"

    @property
    def coordinates(self) -> str:
        """Its name in the words of Maven."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def file_name(self) -> str:
        """Its name in a folder."""
        return f"{self.artifact}-{self.version}.jar"

    def url(self, repository: str) -> str:
        """Where a Maven repository has it."""
        return (
            f"{repository.rstrip('/')}/{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"
        )


def pinned_jars(text: str | None = None) -> list[PinnedJar]:
    """The lock file's jars, in its order; raises EmbeddedError on a line it cannot read."""
    lines = (LOCK_FILE.read_text() if text is None else text).splitlines()
    return [PinnedJar.parse(line) for line in lines if line.strip() and not line.startswith("#")]


def kafka_version(jars: list[PinnedJar]) -> str:
    """The version of Kafka among the jars."""
    return next(jar.version for jar in jars if jar.group == "org.apache.kafka")


def repository() -> str:
    """The base address of the Maven repository: TICKETWIRE_MAVEN_REPOSITORY, else the central one."""
    chosen = os.environ.get(REPOSITORY_VARIABLE)
    if chosen:
        return chosen
    from jgo.constants import MAVEN_CENTRAL_URL

    return str(MAVEN_CENTRAL_URL)


def default_cache_dir() -> Path:
    """The user's cache: TICKETWIRE_CACHE_DIR, else `ticketwire` in what XDG says."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ticketwire")


async def fetch_jars(
    jars: list[PinnedJar], *, cache_dir: Path | None = None, progress: Progress | None = None
) -> list[Path]:
    """Bring every jar that is not there yet into the cache; all are checked against their SHA-256, old and new.

    Safe to repeat, and to run in two processes at once; cancelling leaves halves that the next call goes on with.
    Raises EmbeddedError, naming what to fetch by hand and where to put it, when the repository cannot be reached.
    """
    folder = (cache_dir or default_cache_dir()) / f"kafka-{kafka_version(jars)}"
    cancelled = threading.Event()
    try:
        await asyncio.to_thread(_fetch_missing, jars, folder, cancelled, progress)
    except asyncio.CancelledError:
        cancelled.set()
        raise
    return [folder / jar.file_name for jar in jars]


def _fetch_missing(jars: list[PinnedJar], folder: Path, cancelled: threading.Event, progress: Progress | None) -> None:
    if not _missing(jars, folder):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"the cache folder {folder} cannot be made: {error.strerror}", hint=f"name another in {CACHE_VARIABLE}"
        ) from error
    with waiting_lock(folder / "lock", cancelled):
        missing = _missing(jars, folder)  # again: the lock's last holder may have brought them
        meter = _Meter(sum(_left(jar, folder) for jar in missing), progress)
        base = repository()

        def fetch(jar: PinnedJar) -> DownloadFailed | None:
            try:
                download(
                    jar.url(base),
                    folder / jar.file_name,
                    size_bytes=jar.size_bytes,
                    sha256=jar.sha256,
                    cancelled=cancelled,
                    read=meter.add,
                )
            except DownloadFailed as failure:
                return failure
            return None

        with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as threads:
            failures = [failure for failure in threads.map(fetch, missing) if failure is not None]
        if failures and not cancelled.is_set():
            raise _unreachable(_missing(jars, folder), folder, base, failures[0])


def _missing(jars: list[PinnedJar], folder: Path) -> list[PinnedJar]:
    return [jar for jar in jars if not has_digest(folder / jar.file_name, jar.sha256)]


def _left(jar: PinnedJar, folder: Path) -> int:
    return max(0, jar.size_bytes - size_so_far(folder / jar.file_name))


class _Meter:
    """Adds up what several threads read."""

    def __init__(self, total_bytes: int, progress: Progress | None) -> None:
        self._total = total_bytes
        self._done = 0
        self._progress = progress
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._progress is not None:
                self._progress(self._done, self._total)


def _unreachable(missing: list[PinnedJar], folder: Path, base: str, failure: DownloadFailed) -> EmbeddedError:
    wanted = "\n".join(f"    {jar.coordinates}" for jar in missing)
    return EmbeddedError(
        f"{len(missing)} of Kafka's jars could not be fetched from {base}: {failure}",
        hint=f"try again (what was fetched is kept), name another Maven repository in {REPOSITORY_VARIABLE}, "
        f"or put these jars into {folder} yourself:\n{wanted}",
    )
