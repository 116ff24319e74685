"""python -m tests.chaos --seconds 60 --seed 1: faults by a seed, while a stream flows, and the oracle at the end.

Exits 0 when nothing was lost, doubled or out of order, and everything recovered in time; 1 when not.
"""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from runtime.logs import configure_logs
from tests.chaos import report
from tests.chaos.run import Options, chaos
from tests.chaos.small_disk import enter_own_mounts

_DISK_BYTES = 400 * 1024 * 1024
_DISK_BYTES_PER_EVENT = 20_000


def main() -> int:
    """Parse, run, report."""
    words = _parser().parse_args()
    no_disks = enter_own_mounts()
    into: Path = words.into
    logs = into / "chaos-logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    configure_logs(service="chaos", format_="text")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="ticketwire-chaos-", ignore_cleanup_errors=True) as folder:
        options = Options(
            seconds=words.seconds,
            seed=words.seed,
            rate=words.rate,
            folder=Path(folder),
            logs=logs.absolute(),
            no_disks=no_disks,
            disk_bytes=_DISK_BYTES + int(words.seconds * words.rate * _DISK_BYTES_PER_EVENT),
        )
        found = asyncio.run(_until_told(chaos(options, _say)))
    (into / report.JSON_FILE).write_bytes(orjson.dumps(report.figures(found), option=orjson.OPT_INDENT_2))
    _say(report.text(found))
    return 1 if report.bad(found) else 0


async def _until_told(work: Any) -> Any:
    """SIGTERM ends a run as Ctrl-C does: everything that was started is stopped."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the nemesis goes on")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same faults and the same stream")
    parser.add_argument("--rate", type=float, default=40.0, help="webhooks in a second")
    parser.add_argument("--into", type=Path, default=Path("build"), help="folder for the report and the logs")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
