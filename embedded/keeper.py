"""Runs one server and stops it cleanly when its owner is gone, however the owner went.

    python -I -S keeper.py OWNER_PID STOP_SIGNAL GRACE_SECONDS LOCK_FD COMMAND...

stdin is a pipe from the owner: its end of file means "stop". The owner stops a server by closing the pipe, and the
kernel closes it for an owner killed with -9, so both ways are one. stdout gets one line, the server's process id; the
server itself writes to our stderr. Our exit code is the server's (128 + n for signal n).

Run by path as a script, in a session of its own (Ctrl-C must not reach the server before its clients are done), and so
it imports the standard library only.
"""

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress

# How soon an owner is missed whose pipe a forked child of its still holds open.
OWNER_CHECK_SECONDS = 0.5
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


def main() -> int:
    """Obey the command line above; the server has ended when this returns."""
    owner, stop_signal, grace, lock = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    # The server inherits the lock on its data folder: as long as any process of it lives, the folder is taken.
    with (
        subprocess.Popen(  # noqa: S603 - the command is our owner's
            sys.argv[5:], stdin=subprocess.DEVNULL, stdout=2, pass_fds=[lock]
        ) as server
    ):
        os.close(lock)
        with suppress(BrokenPipeError):  # the owner is gone already: noticed next
            os.write(1, b"%d\n" % server.pid)
        while server.poll() is None and not _asked_to_stop(owner, wake):
            pass
        if server.poll() is None:
            _stop(server, stop_signal=stop_signal, grace_seconds=grace)
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


def _asked_to_stop(owner: int, wake: int) -> bool:
    """Wait a moment, or until something happens; true if the server is to be stopped."""
    readable, _, _ = select.select([0, wake], [], [], OWNER_CHECK_SECONDS)
    signals = os.read(wake, 64) if wake in readable else b""
    return (0 in readable and not os.read(0, 64)) or os.getppid() != owner or not STOP_SIGNALS.isdisjoint(signals)


def _stop(server: "subprocess.Popen[bytes]", *, stop_signal: int, grace_seconds: float) -> None:
    server.send_signal(stop_signal)
    try:
        server.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(main())
