"""One file over HTTP: resumed where it broke off, checked, and in place only when whole."""

import hashlib
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

_CHUNK_BYTES = 1 << 16
_TIMEOUT_SECONDS = 30.0
_TRIES = 4
_PAUSE_SECONDS = 0.5


class DownloadFailed(Exception):
    """The file could not be had; what was read of it stays beside it for the next try."""


def has_digest(path: Path, sha256: str) -> bool:
    """Whether the file is there and is the one meant."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def size_so_far(target: Path) -> int:
    """How many bytes of `target` an interrupted download left."""
    return _size(_part(target))


def download(
    url: str,
    target: Path,
    *,
    size_bytes: int,
    sha256: str,
    cancelled: threading.Event,
    read: Callable[[int], None],
) -> None:
    """Fetch `url` into `target` by way of `<target>.part`; blocks; `read` is told of every chunk's size.

    A half from before is gone on with, a wrong whole is fetched anew, a broken connection is tried again a few times.
    Raises DownloadFailed when none of this helps, and when `cancelled`.
    """
    part = _part(target)
    problem = "cancelled"
    for attempt in range(_TRIES):
        if cancelled.wait(_PAUSE_SECONDS * attempt):
            break
        try:
            _read_rest(url, part, size_bytes=size_bytes, cancelled=cancelled, read=read)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            problem = f"{url}: {refusal}"
            if refusal.code < 500:
                break
        except (OSError, HTTPException) as error:
            problem = f"{url}: {error}"
        else:
            if has_digest(part, sha256):
                part.replace(target)
                return
            if _size(part) < size_bytes:
                problem = f"{url}: the connection broke off"
            else:
                part.unlink()
                problem = f"{url}: what came has not the SHA-256 {sha256}"
    raise DownloadFailed(problem)


def _read_rest(
    url: str, part: Path, *, size_bytes: int, cancelled: threading.Event, read: Callable[[int], None]
) -> None:
    have = _size(part)
    if have >= size_bytes:  # only the check was missing when the last try ended
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    # The scheme is the user's own choice of repository; file: is a use of it.
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
        resumed = have > 0 and answer.status == 206
        with part.open("ab" if resumed else "wb") as file:
            while not cancelled.is_set() and (chunk := answer.read(_CHUNK_BYTES)):
                file.write(chunk)
                read(len(chunk))


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
