"""The oracle against a database where everything is right, and against one wrong thing at a time."""

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from tests.proof.judgement import Judgement
from tests.proof.log import LogRecord
from tests.proof.oracle import Evidence, judge
from tests.services.conftest import _execute
from tests.services.proof.finished import finish
from tests.services_under_test import dsn_of


@dataclasses.dataclass(frozen=True)
class Finished:
    """A finished stream's database, to be cloned, and the evidence."""

    database: str
    evidence: Evidence


@pytest_asyncio.fixture(scope="module")
async def finished(postgres_admin_dsn: str, postgres_template: str) -> AsyncIterator[Finished]:
    name = f"ticketwire_proof_{uuid4().hex[:10]}"
    await _execute(postgres_admin_dsn, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    try:
        yield Finished(name, await finish(dsn_of(name, like=postgres_admin_dsn), seed=3, count=400))
    finally:
        await _execute(postgres_admin_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def clone_dsn(postgres_admin_dsn: str, finished: Finished) -> AsyncIterator[str]:
    """A copy of the finished database, to spoil."""
    name = f"ticketwire_proof_{uuid4().hex[:10]}"
    await _execute(postgres_admin_dsn, f"CREATE DATABASE {name} TEMPLATE {finished.database}")
    try:
        yield dsn_of(name, like=postgres_admin_dsn)
    finally:
        await _execute(postgres_admin_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def only(judgement: Judgement, *names: str) -> None:
    """Exactly these lists have something in them."""
    assert {name for name, found in judgement.findings.items() if found} == set(names), str(judgement)


async def test_where_everything_is_right_nothing_is_found(finished: Finished, clone_dsn: str) -> None:
    judgement = await judge(clone_dsn, finished.evidence)
    assert judgement.ok, str(judgement)
    counts = judgement.counts
    assert counts["parked"] >= 3
    assert counts["arrivals"] + counts["parked"] == counts["sent and accepted"] == counts["records on Kafka"] == 400
    assert counts["arrivals"] > counts["events"] - counts["callbacks given_up"]
    assert counts["callbacks given_up"] > 10
    assert counts["deliveries repeated after a yes"] > 0


SPOILED = {
    "a journal row is gone": (
        "DELETE FROM journal WHERE (order_id, version) = (SELECT order_id, version FROM journal LIMIT 1)",
        ("lost", "doubled_effects", "sequence_violations"),
    ),
    "an event is gone": ("DELETE FROM events WHERE event_id = (SELECT event_id FROM events LIMIT 1)", None),
    "an arrival is gone": (
        "DELETE FROM arrivals WHERE arrival_id = (SELECT arrival_id FROM arrivals WHERE verdict = 'repeat' LIMIT 1)",
        ("lost",),
    ),
    "a ticket is doubled": (
        "INSERT INTO tickets SELECT order_id, passenger, 9, ticket_number FROM tickets LIMIT 1",
        ("doubled_effects",),
    ),
    "a ticket is gone": (
        (
            "DELETE FROM tickets WHERE (order_id, passenger, position) IN (SELECT order_id, passenger, position"
            " FROM tickets LIMIT 1)"
        ),
        ("lost",),
    ),
    "a passenger has another name": (
        (
            "UPDATE passengers SET name = 'NOBODY' WHERE (order_id, passenger) IN (SELECT order_id, passenger"
            " FROM passengers LIMIT 1)"
        ),
        ("lost", "doubled_effects"),
    ),
    "a void case moved back": (
        (
            "UPDATE void_cases SET status = 1 WHERE (order_id, void_code) IN (SELECT order_id, void_code"
            " FROM void_cases WHERE status <> 1 LIMIT 1)"
        ),
        None,
    ),
    "an order's version moved on": (
        "UPDATE orders SET version = version + 1 WHERE order_id = (SELECT order_id FROM orders LIMIT 1)",
        ("sequence_violations",),
    ),
    "an order nobody sent": (
        "INSERT INTO orders (order_id, source, order_no) VALUES (gen_random_uuid(), 'atlas', 'nobody')",
        ("wrong_effects", "unknown_effects"),
    ),
    "tickets of no order": (
        "INSERT INTO tickets VALUES (gen_random_uuid(), 0, 0, 'T')",
        ("unknown_effects",),
    ),
    "a verdict that does not follow": (
        (
            "UPDATE arrivals SET verdict = 'kept' WHERE arrival_id IN (SELECT arrival_id FROM arrivals"
            " WHERE verdict = 'applied' LIMIT 1)"
        ),
        ("wrong_effects",),
    ),
    "a parked record is gone": (
        "DELETE FROM parked WHERE parked_id = (SELECT parked_id FROM parked LIMIT 1)",
        ("lost",),
    ),
    "a record is parked twice": (
        (
            "INSERT INTO parked SELECT gen_random_uuid(), processor, topic, partition, 100000, key, value, headers,"
            " source, order_no, stage, reason, detail, fingerprint, code_version FROM parked LIMIT 1"
        ),
        ("doubled_effects", "unknown_effects"),
    ),
    "a callback is not owed": (
        "DELETE FROM callbacks WHERE callback_id = (SELECT min(callback_id::text)::uuid FROM callbacks)",
        None,
    ),
    "a callback is still under way": (
        (
            "UPDATE callbacks SET state = 'pending' WHERE callback_id = (SELECT callback_id FROM callbacks"
            " WHERE state = 'delivered' LIMIT 1)"
        ),
        ("unfinished",),
    ),
    "an attempt is not on record": (
        "DELETE FROM attempts WHERE callback_id = (SELECT callback_id FROM attempts LIMIT 1) AND number = 1",
        ("lost",),
    ),
    "a void was given up and not rejected": (
        "UPDATE void_cases SET status = 6 WHERE status = 4",
        ("lost", "doubled_effects"),
    ),
}


@pytest.mark.parametrize("what", SPOILED)
async def test_one_wrong_thing_in_the_database_is_found(finished: Finished, clone_dsn: str, what: str) -> None:
    statement, names = SPOILED[what]
    connection = await asyncpg.connect(clone_dsn)
    try:
        assert int((await connection.execute(statement)).split()[-1]) >= 1
    finally:
        await connection.close()
    judgement = await judge(clone_dsn, finished.evidence)
    if names is None:
        assert not judgement.ok
    else:
        only(judgement, *names)


async def test_an_event_the_supplier_was_refused_must_not_be_there(finished: Finished, clone_dsn: str) -> None:
    tally = next(iter(finished.evidence.ledger.events.values()))
    accepted, tally.accepted, tally.refused = tally.accepted, 0, tally.accepted
    try:
        judgement = await judge(clone_dsn, finished.evidence)
    finally:
        tally.accepted, tally.refused = accepted, 0
    only(judgement, "unknown_effects")


async def test_an_accepted_event_that_is_nowhere_is_lost(finished: Finished, clone_dsn: str) -> None:
    finished.evidence.ledger.events[UUID(int=5)] = next(iter(finished.evidence.ledger.events.values()))
    try:
        judgement = await judge(clone_dsn, finished.evidence)
    finally:
        del finished.evidence.ledger.events[UUID(int=5)]
    only(judgement, "lost")
    assert f"event {UUID(int=5)}" in judgement.lost[0]


async def test_what_may_have_been_taken_may_be_there_or_not(finished: Finished, clone_dsn: str) -> None:
    ledger = finished.evidence.ledger
    tally = next(iter(ledger.events.values()))
    accepted, tally.accepted, tally.unknown = tally.accepted, 0, tally.accepted
    ledger.events[UUID(int=6)] = dataclasses.replace(tally)
    try:
        judgement = await judge(clone_dsn, finished.evidence)
    finally:
        tally.accepted, tally.unknown = accepted, 0
        del ledger.events[UUID(int=6)]
    assert judgement.ok, str(judgement)


async def test_a_missing_a_foreign_and_a_second_delivery_are_found(finished: Finished, clone_dsn: str) -> None:
    evidence = finished.evidence
    steady = [delivery for delivery in evidence.deliveries if delivery.endpoint == "steady"]
    times = Counter(delivery.order_no for delivery in steady)
    first = next(delivery for delivery in steady if times[delivery.order_no] == 1)
    others = [delivery for delivery in evidence.deliveries if delivery is not first]
    only(await judge(clone_dsn, dataclasses.replace(evidence, deliveries=others)), "undelivered")
    again = dataclasses.replace(first, webhook_id=uuid4())
    only(await judge(clone_dsn, dataclasses.replace(evidence, deliveries=[*others, first, again])), "unknown_effects")
    twice = [*evidence.deliveries, first]
    only(await judge(clone_dsn, dataclasses.replace(evidence, deliveries=twice)), "doubled_effects")
    other_words = dataclasses.replace(first, said=b"something else")
    only(await judge(clone_dsn, dataclasses.replace(evidence, deliveries=[*others, other_words])), "wrong_effects")


async def test_swapped_deliveries_are_a_sequence_violation(finished: Finished, clone_dsn: str) -> None:
    evidence = finished.evidence
    by_order: dict[str, list[int]] = {}
    for place, delivery in enumerate(evidence.deliveries):
        if delivery.endpoint == "steady":
            by_order.setdefault(delivery.order_no, []).append(place)
    first, second = next(places for places in by_order.values() if len(places) > 1)[:2]
    deliveries = list(evidence.deliveries)
    one, two = deliveries[first], deliveries[second]
    deliveries[first] = dataclasses.replace(two, at=one.at, accepted_at=one.accepted_at)
    deliveries[second] = dataclasses.replace(one, at=two.at, accepted_at=two.accepted_at)
    only(await judge(clone_dsn, dataclasses.replace(evidence, deliveries=deliveries)), "sequence_violations")


async def test_a_give_up_where_no_policy_ends_is_undelivered(finished: Finished, clone_dsn: str) -> None:
    only(await judge(clone_dsn, dataclasses.replace(finished.evidence, may_give_up={})), "undelivered")


async def test_a_record_on_kafka_that_is_neither_applied_nor_parked_is_lost(finished: Finished, clone_dsn: str) -> None:
    log = [*(finished.evidence.log or ()), LogRecord(("proof.raw.order.void", 0, 99_999), str(uuid4()))]
    only(await judge(clone_dsn, dataclasses.replace(finished.evidence, log=log)), "lost")
    only(await judge(clone_dsn, dataclasses.replace(finished.evidence, log=log[1:-1])), "unknown_effects")
