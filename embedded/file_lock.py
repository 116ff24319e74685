"""A lock between processes for the download cache: whoever comes second waits."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RETRY_SECONDS = 0.1


@contextmanager
def waiting_lock(path: Path, cancelled: threading.Event) -> Iterator[None]:
    """Hold `path` locked; blocks until it is free, or until `cancelled`, when the block runs without the lock.

    A block that runs cancelled must do nothing that needs the lock.
    """
    with path.open("ab") as file:
        while not _try(file.fileno()) and not cancelled.wait(_RETRY_SECONDS):
            pass
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
