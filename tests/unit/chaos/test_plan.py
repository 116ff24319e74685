from tests.chaos.plan import SERVICES, TARGETS, Kind, plan


def test_the_same_seed_gives_the_same_plan() -> None:
    assert plan(7, seconds=600) == plan(7, seconds=600)


def test_another_seed_gives_another_plan() -> None:
    assert plan(7, seconds=600) != plan(8, seconds=600)


def test_a_longer_plan_begins_as_the_shorter_one() -> None:
    short = plan(7, seconds=60)
    assert plan(7, seconds=600)[: len(short)] == short


def test_every_kind_of_fault_comes_up_within_five_minutes() -> None:
    for seed in range(20):
        assert {fault.kind for step in plan(seed, seconds=300) for fault in step.faults} == set(Kind)


def test_every_target_is_hit_in_an_hour_in_every_way() -> None:
    hit = {(fault.kind, fault.target, fault.how) for step in plan(1, seconds=3600) for fault in step.faults}
    assert hit == {(kind, target, how) for kind, targets in TARGETS.items() for target, how in targets}


def test_a_zombie_outlives_its_session() -> None:
    pauses = [f for step in plan(1, seconds=3600) for f in step.faults if f.kind == Kind.PAUSE]
    assert pauses
    assert min(fault.seconds for fault in pauses) > 10


def test_two_faults_at_once_hit_two_things() -> None:
    pairs = [step.faults for step in plan(1, seconds=3600) if len(step.faults) == 2]
    assert pairs
    assert all(one.target != other.target for one, other in pairs)


def test_a_service_is_started_again_at_once() -> None:
    kills = [f for step in plan(1, seconds=3600) for f in step.faults if f.kind == Kind.KILL and f.target in SERVICES]
    assert {fault.seconds for fault in kills} == {0.0}
