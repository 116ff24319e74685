"""The proof of replays (tests/replay_proof), small and without its kills and its live stream, which have their time in
`make replay-proof`."""

import shutil
from pathlib import Path

from tests.replay_proof.machine import Machine
from tests.replay_proof.proof import Options, Proof


async def test_a_broken_decoders_day_is_found_mended_and_replayed_without_a_trace(
    kafka_bootstrap: str, database_dsn: str, topic_prefix: str, tmp_path: Path
) -> None:
    talk: list[str] = []
    async with Machine(
        bootstrap=kafka_bootstrap, dsn=database_dsn, topic_prefix=topic_prefix, logs=tmp_path
    ) as machine:
        found = await Proof(machine, Options(events=2000, seed=7, kills=False, live_seconds=0), talk.append).run()
    assert found.wrong == []
    assert (found.figures["affected_orders_named"], found.figures["redriven"]) == (40, 20)
    shutil.rmtree(tmp_path)
