"""A small disk of this process's own, to be filled: a tmpfs in a mount namespace that ends with the process.

Filling shrinks the file system to what is on it, so that it costs no memory; the effect is the same: no room left.
"""

import ctypes
import os
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_REMOUNT = 0x20
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MNT_DETACH = 2
_PAGE = 4096


def enter_own_mounts() -> str | None:
    """Leave the mounts of everybody else, before any thread is started; why it is not possible here, or None.

    Root needs a namespace of mounts; others also one of users, in which they stay who they are.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        return "only Linux has namespaces of mounts"
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWNS if uid == 0 else _CLONE_NEWNS | _CLONE_NEWUSER) != 0:
        return f"no namespace of mounts: {os.strerror(ctypes.get_errno())}"
    try:
        if uid != 0:
            for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
                Path("/proc/self", name).write_text(line)
        _mount("none", Path("/"), flags=_MS_REC_PRIVATE)
    except OSError as error:
        return f"no mounts of our own: {error.strerror}"
    return None


class SmallDisk:
    """A disk of this size, mounted at `folder`, which must exist. Only after `enter_own_mounts`."""

    def __init__(self, folder: Path, *, size_bytes: int) -> None:
        self._folder = folder
        self._size = size_bytes
        _mount("tmpfs", folder, options=f"size={size_bytes}")

    def fill(self) -> None:
        """From now on there is no room left."""
        found = os.statvfs(self._folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        while True:
            try:
                return _mount("tmpfs", self._folder, flags=_MS_REMOUNT, options=f"size={used}")
            except OSError:  # it has grown meanwhile
                used += _PAGE

    def free(self) -> None:
        """There is room again."""
        _mount("tmpfs", self._folder, flags=_MS_REMOUNT, options=f"size={self._size}")

    def remove(self) -> None:
        """Take it away with what is on it, at once, whoever still has it open; its folder can be removed then."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.umount2(str(self._folder).encode(), _MNT_DETACH) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(self._folder))


def _mount(kind: str, folder: Path, *, flags: int = 0, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(kind.encode(), str(folder).encode(), kind.encode(), flags, options.encode() or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(folder))
