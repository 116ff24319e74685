"""The tie of a service to the process that started it: a pipe on standard input, which the kernel closes for anybody
who dies, by kill -9 too."""

import os
import signal
import threading

STOP_PATIENCE_SECONDS = 30.0


def stop_with_parent() -> None:
    """Ask this process to stop, as SIGTERM does, when standard input ends; end it by force if it does not."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_PATIENCE_SECONDS)
    os._exit(1)
