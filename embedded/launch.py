"""Becomes a server: gives up root where the server demands it, ties its life to its keeper's, then executes it.

    python -I -S launch.py DEATH_SIGNAL FOLDER (as-is | namespace UID | account UID GID) -- COMMAND...

Run by path as a script, so it imports the standard library only. The process id stays the same through all steps.
Whatever fails before the command runs is said on stderr, with exit code 126.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
LINUX_CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    """Obey the command line above; returns only by raising."""
    at = sys.argv.index("--")
    death_signal, folder, how, *numbers = sys.argv[1:at]
    command = sys.argv[at + 1 :]
    try:
        if how == "namespace":
            _enter_user_namespace(int(numbers[0]))
        elif how == "account":
            _become_account(int(numbers[0]), int(numbers[1]))
        os.chdir(folder)
        if sys.platform == "linux":
            # After the change of identity, which would have cleared it. The keeper's one thread lives as long as the
            # keeper, so the kernel's "parent" here (a thread) is the keeper itself.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(_refuse(f"cannot run {command[0]} in {folder} as {how} {' '.join(numbers)}: {error}"))


def _refuse(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 126


def _enter_user_namespace(uid: int) -> None:
    """To ourselves we are `uid` from here on; to the file system we stay who we were, so nothing changes owner."""
    own_uid, own_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not available")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {own_uid} 1"), ("gid_map", f"{uid} {own_gid} 1")):
        Path("/proc/self", name).write_text(line)


def _become_account(uid: int, gid: int) -> None:
    """Become another account, keeping (Linux only) the one capability by which root reaches its own closed folders."""
    libc = ctypes.CDLL(None)
    if sys.platform == "linux":
        libc.prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if sys.platform == "linux":
        # Without this capability we go on with the account's own reach: the step into `folder` tells if it suffices.
        header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
        mask = 1 << CAP_DAC_OVERRIDE
        libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main()
