"""Every kill point of every hop, by a real SIGKILL, in one running hub; then the oracle."""

from pathlib import Path

import pytest

from tests.proof.points import POINTS
from tests.proof.scene import staged
from tests.proof.trials import plan_of, try_points

SEED = 5


@pytest.mark.timeout(420)
async def test_killed_at_every_point_nothing_is_lost_doubled_or_out_of_order(
    kafka_bootstrap: str, database_dsn: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with staged(
        bootstrap=kafka_bootstrap, dsn=database_dsn, topic_prefix=topic_prefix, folder=tmp_path, seed=SEED
    ) as scene:
        outcome = await try_points(scene, plan_of(POINTS, seed=SEED), seed=SEED)
    assert outcome.ok, str(outcome)
    assert {trial.point for trial in outcome.trials} == {point.name for point in POINTS}
    counts = outcome.judgement.counts
    assert min(counts[name] for name in ("sent and unknown", "parked", "callbacks given_up")) > 10
    assert counts["attempts whose sender was lost"] > 10
