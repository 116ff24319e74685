"""The ordinary command line, with a wall clock that can be set wrong from outside while it runs:

    python -m tests.chaos.wrong_clock <file> -- <words>

`<file>` holds one number in 8 bytes, as `set_clock` writes it: by how many seconds this process's wall clock is wrong.
Monotonic time goes on as it does on a machine whose clock jumps. The process dies with whoever started it, even while
it is stopped by SIGSTOP.
"""

import ctypes
import gc
import mmap
import signal
import struct
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

_NUMBER = struct.Struct("d")
_PR_SET_PDEATHSIG = 1


def set_clock(file: Path, seconds: float) -> None:
    """Make the clock of the process that runs with this file wrong by so much, from now on; makes the file."""
    with file.open("r+b" if file.exists() else "w+b") as clock:
        clock.write(_NUMBER.pack(seconds))


def install(wrong_by: Callable[[], float]) -> None:
    """Wrap what Python code asks for the time of day; before anything else is imported that does."""
    true_time, true_now = time.time, datetime.now

    def now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
        return true_now(tz) + timedelta(seconds=wrong_by())

    time.time = lambda: true_time() + wrong_by()
    time.time_ns = lambda: int(time.time() * 1e9)
    # A type of C whose name everybody has already: its own dictionary is the one place to reach them all.
    (methods,) = gc.get_referents(datetime.__dict__)
    methods["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))


def _read(file: Path) -> Callable[[], float]:
    with file.open("rb") as clock:
        view = mmap.mmap(clock.fileno(), _NUMBER.size, prot=mmap.PROT_READ)
    return lambda: float(_NUMBER.unpack_from(view)[0])


def _main(arguments: list[str]) -> None:
    if len(arguments) < 3 or arguments[1] != "--":
        sys.exit(__doc__)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    install(_read(Path(arguments[0])))
    from cli.main import main

    sys.argv = ["ticketwire", *arguments[2:]]
    main()


if __name__ == "__main__":
    _main(sys.argv[1:])
