"""python -m tests.hostile --cases 100000 --seed 1: hostile input by a seed, and isolation measured.

Ingest and console are real processes. Prints cases by kind and status class, what the processes held before and after,
and how much endpoints in trouble change the waits of others; the same goes to build/fuzz.json. Exits 1 when anything
was bad.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from runtime.logs import configure_logs
from tests.hostile import report
from tests.hostile.run import Found, fuzz, isolate


def main() -> int:
    """Parse, run, report."""
    words = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__.splitlines()[0])
    words.add_argument("--cases", type=int, default=100_000, help="requests in all (default: %(default)s)")
    words.add_argument("--seed", default="1", help="the same seed asks the same (default: %(default)s)")
    words.add_argument("--into", type=Path, default=Path("build"), help="folder of fuzz.json (default: %(default)s)")
    chosen = words.parse_args()
    configure_logs(service="fuzz", format_="text")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    chosen.into.mkdir(parents=True, exist_ok=True)
    found = Found(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="ticketwire-fuzz-") as folder:
        asyncio.run(fuzz(found, cases=chosen.cases, folder=Path(folder)))
    report.write(found, chosen.into / "fuzz.json")  # it outlives a failure of what follows
    with tempfile.TemporaryDirectory(prefix="ticketwire-fuzz-") as folder:
        asyncio.run(isolate(found, folder=Path(folder)))
    report.write(found, chosen.into / "fuzz.json")
    sys.stdout.write(report.text(found))
    return 1 if found.bad else 0


if __name__ == "__main__":
    sys.exit(main())
