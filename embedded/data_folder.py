"""A server's folder: who may use it, which ports it has, and whether its data were ever finished.

<folder>/lock      held, by flock, by the owner, the keeper and every process of the server
<folder>/ports     the ports chosen last time
<folder>/data      the server's data; exists only when complete
<folder>/data.new  data being made; what is left of an interrupted start is thrown away
"""

import asyncio
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from runtime.errors import EmbeddedError
from runtime.local_ports import RANGE, LocalPorts, is_free

LOOPBACK = "127.0.0.1"
_LOCK_WAIT_SECONDS = 60.0
_LOCK_RETRY_SECONDS = 0.05


class DataFolder:
    """One server's folder. `lock` first; the rest supposes that the lock is held."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.data = self.path / "data"
        self._lock: int | None = None
        self._ports = LocalPorts()

    @property
    def lock_descriptor(self) -> int:
        """The descriptor that holds the lock, to be inherited by the server."""
        if self._lock is None:
            raise EmbeddedError(f"{self.path} is not locked: this is a defect of Ticketwire")
        return self._lock

    async def lock(self) -> None:
        """Take the folder, making it if need be.

        Raises EmbeddedError at once when a living owner has it, or it cannot be written. When the owner is dead its
        server may still be stopping: that is waited for.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"the data folder {self.path} cannot be used: {error.strerror}", hint="choose another data folder"
            ) from error
        try:
            deadline = time.monotonic() + _LOCK_WAIT_SECONDS
            while not _try_flock(lock):
                owner = int(os.pread(lock, 32, 0) or b"0")
                if _alive(owner) or time.monotonic() > deadline:
                    raise self._in_use(owner)  # noqa: TRY301 - the clean-up below is for cancelling too
                await asyncio.sleep(_LOCK_RETRY_SECONDS)
            _write_owner(lock, str(os.getpid()))
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def _in_use(self, owner: int) -> EmbeddedError:
        return EmbeddedError(
            f"the data folder {self.path} is in use" + (f" by process {owner}" if owner else ""),
            hint="stop that process first, or choose another data folder",
        )

    def unlock(self) -> None:
        """Give folder and ports back. The lock itself stays while processes of the server live. Safe to repeat."""
        self._ports.release()
        if self._lock is not None:
            _write_owner(self._lock, "")
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def making_data(self) -> Iterator[Path]:
        """A fresh folder to make the data in; it becomes `data` only when the block ends well."""
        unfinished = self.path / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        yield unfinished
        unfinished.rename(self.data)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def set_aside_unless_complete(self, marker: str) -> Path | None:
        """If `data` is there without `marker`, which complete data always have, move it out of the way.

        Never deletes: the answer is where it went, None if nothing had to move.
        """
        if not self.data.exists() or (self.data / marker).exists():
            return None
        aside = self.path / f"data.incomplete-{time.time_ns()}"
        self.data.rename(aside)
        return aside

    def ports(self, wanted: Mapping[str, int | None]) -> dict[str, int]:
        """Choose a port per name: the one wanted, else last time's, else a free one. Raises EmbeddedError if taken."""
        file = self.path / "ports"
        try:
            saved: dict[str, int] = json.loads(file.read_text())
        except (FileNotFoundError, ValueError):
            saved = {}
        chosen: dict[str, int] = {}
        for name, port in wanted.items():
            if port is not None:
                self._hold(port)
                chosen[name] = port
            elif (last := saved.get(name)) and last not in chosen.values() and self._ports.take(LOOPBACK, last):
                chosen[name] = last
            else:
                chosen[name] = self._any()
        file.write_text(json.dumps(chosen))
        return chosen

    def _hold(self, port: int) -> None:
        if not is_free(LOOPBACK, port):
            raise EmbeddedError(
                f"port {port} on {LOOPBACK} is taken",
                hint="stop what listens there, or choose another port, or none: then a free one is found",
            )
        self._ports.hold(LOOPBACK, port)  # or not: whoever asks for this very port gets it

    def _any(self) -> int:
        port = self._ports.free(LOOPBACK)
        if port is None:
            raise EmbeddedError(f"no port between {RANGE.start} and {RANGE.stop} is free on {LOOPBACK}")
        return port


def _try_flock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_owner(lock: int, owner: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, owner.encode(), 0)


def _alive(pid: int) -> bool:
    try:
        return pid != 0 and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
