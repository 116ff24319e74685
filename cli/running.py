"""What `ticketwire up` tells other commands of itself: a file beside its data, readable by its user only."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from runtime.errors import Conflict

_FILE = "up.json"
_LOCK = "up.lock"


class RunningService(BaseModel):
    name: str
    pid: int
    url: str
    log: str


class RunningUp(BaseModel):
    """Addresses, processes and the admin token of a running `up` or `demo`."""

    pid: int
    console: str
    admin_token: str
    ingest: str
    sources: dict[str, str]
    kafka: str
    postgres: str
    services: list[RunningService]


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Be the only `up` of this folder while the block runs; raises Conflict when there is one already."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise _taken(data_dir) from None
    try:
        yield
    finally:
        (data_dir / _FILE).unlink(missing_ok=True)
        os.close(lock)


def write_running(data_dir: Path, running: RunningUp) -> None:
    """Replace the file in one step: a reader never sees half of it."""
    new = data_dir / f"{_FILE}.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(running.model_dump_json(indent=2))
    new.replace(data_dir / _FILE)


def read_running(data_dir: Path) -> RunningUp | None:
    """The `up` that runs in this folder, or None; what a killed one left behind does not count."""
    try:
        running = RunningUp.model_validate_json((data_dir / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    return running if in_use(data_dir) else None


def in_use(data_dir: Path) -> bool:
    """Whether somebody is `only_one` there: a process id alone could be somebody else's by now."""
    try:
        lock = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _taken(data_dir: Path) -> Conflict:
    running = read_running(data_dir)
    who = f" as process {running.pid}, console {running.console}" if running else ""
    return Conflict(
        f"ticketwire runs already in {data_dir}{who}",
        hint="stop it first (Ctrl-C there), or choose another folder with TICKETWIRE_DATA_DIR",
    )
