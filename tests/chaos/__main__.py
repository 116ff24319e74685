"""python -m tests.chaos --seconds 60 --seed 1: faults by a seed, while a stream flows, and the oracle at the end.

Exits 0 when nothing was lost, doubled or out of order, and everything recovered in time; 1 when not.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from cli.parent import stop_with_parent
from tests.chaos import report
from tests.chaos.command import empty_logs, run, say, scratch, write_json
from tests.chaos.run import Options, chaos
from tests.chaos.small_disk import enter_own_mounts

_DISK_BYTES = 400 * 1024 * 1024
_DISK_BYTES_PER_EVENT = 20_000


def main() -> int:
    """Parse, run, report."""
    words = _parser().parse_args()
    no_disks = enter_own_mounts()  # before there is any thread
    if words.with_parent:
        stop_with_parent()
    logs = empty_logs(words.into, name="chaos")
    with scratch("chaos") as folder:
        options = Options(
            seconds=words.seconds,
            seed=words.seed,
            rate=words.rate,
            folder=Path(folder),
            logs=logs,
            no_disks=no_disks,
            recovery_bound_seconds=words.recovery_bound,
            disk_bytes=_DISK_BYTES + int(words.seconds * words.rate * _DISK_BYTES_PER_EVENT),
        )
        found = run(lambda: chaos(options, say))
    write_json(words.into / report.JSON_FILE, report.figures(found))
    say(report.text(found))
    return 1 if report.bad(found) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the nemesis goes on")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same faults and the same stream")
    parser.add_argument("--rate", type=float, default=40.0, help="webhooks in a second")
    parser.add_argument(
        "--recovery-bound", type=float, default=30.0, help="seconds; a fault that is felt for longer makes the run bad"
    )
    parser.add_argument("--into", type=Path, default=Path("build"), help="folder for the report and the logs")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
