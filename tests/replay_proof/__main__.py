"""python -m tests.replay_proof --events 100000: a broken decoder's day, found, mended, replayed.

Exits 0 when all of it is proven, 1 when not.
"""

import argparse
import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from embedded.kafka import EmbeddedKafka
from embedded.postgres import EmbeddedPostgres
from runtime.settings import KafkaSettings
from store.migrate import migrate
from tests.chaos.command import empty_logs, run, say, scratch, write_json
from tests.replay_proof.machine import Machine
from tests.replay_proof.proof import Found, Options, Proof


def main() -> int:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay_proof", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="which of the events are poison, which are misread")
    parser.add_argument("--live-seconds", type=float, default=40.0, help="of the live stream beside each run; 0: none")
    parser.add_argument("--into", type=Path, default=Path("build"), help="folder for the report and the logs")
    words = parser.parse_args()
    logs = empty_logs(words.into, name="replay-proof")
    options = Options(events=words.events, seed=words.seed, live_seconds=words.live_seconds)
    with scratch("replay-proof") as folder:
        found = run(lambda: _prove(Path(folder), logs, options))
    write_json(words.into / "replay-proof.json", figures(found, options))
    say(report(found))
    return 1 if found.wrong else 0


async def _prove(folder: Path, logs: Path, options: Options) -> Found:
    async with EmbeddedKafka(folder / "kafka") as kafka, EmbeddedPostgres(folder / "postgres") as postgres:
        await migrate(postgres.dsn)
        machine = Machine(
            bootstrap=kafka.bootstrap_servers, dsn=postgres.dsn, topic_prefix=KafkaSettings().topic_prefix, logs=logs
        )
        async with machine:
            return await Proof(machine, options, say).run()


def figures(found: Found, options: Options) -> dict[str, Any]:
    """Everything that a later reader may ask for."""
    return {
        "events": options.events,
        "seed": options.seed,
        "poison": len(found.orders.poison),
        "misread": len(found.orders.misread),
        "rates_per_second": found.rates,
        "ratios_to_live": found.ratios,
        "kills": found.kills,
        "live_latency_ms": {name: asdict(latency) for name, latency in found.latency.items()},
        **found.figures,
        "wrong": found.wrong,
    }


def report(found: Found) -> str:
    """For people."""
    lines = ["", f"  {'':10}{'events/s':>10}{'of live':>10}"]
    lines += [f"  {name:10}{rate:>10,.0f}{found.ratios[name]:>10.2f}" for name, rate in found.rates.items()]
    lines += ["", f"  {'live stream':14}{'events':>8}{'p50 ms':>9}{'p99 ms':>9}"]
    lines += [f"  {name:14}{seen.events:>8}{seen.p50:>9}{seen.p99:>9}" for name, seen in found.latency.items()]
    lines += ["", f"  killed in the middle of: {', '.join(kill['kind'] for kill in found.kills) or 'none'}"]
    lines += [f"  {name}: {value}" for name, value in found.figures.items()]
    lines += ["", *([f"wrong: {sentence}" for sentence in found.wrong] or ["all of it proven"])]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
