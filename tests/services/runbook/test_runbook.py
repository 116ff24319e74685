"""docs/runbook.md, followed: each section's commands in its order, on a hub on which just that has happened."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.services.processors.conftest import ticketed_body, void_body
from tests.services.runbook.conftest import Release, System, execute
from tests.services.runbook.page import Walk, sections, ticketwire
from tests.sink import OK, Reaction

DOWN = Reaction(status=500)


def test_the_page_has_four_sections_and_each_has_a_test() -> None:
    assert list(sections()) == [
        "A decoder was wrong for a day",
        "A partner was down for a weekend",
        "A supplier resent a month",
        "Postgres was restored from yesterday's backup",
    ]


async def test_a_decoder_was_wrong_for_a_day(system: System) -> None:
    await system.stop("processors")
    system.deployed = Release(fails_on="parked", loses_of="wrong")
    await system.start("processors")
    for name in ("parked", "wrong", "right"):
        await system.send(
            *((f"{name}-{n}", ticketed_body(f"{name}-{n}", f"{name}-{n}-a", f"{name}-{n}-b")) for n in range(12))
        )
    await system.taken()
    await system.settled("wrong-%", "delivered")

    async with Walk("A decoder was wrong for a day") as walk:
        ((parked_id, fingerprint),) = await system.fetch("SELECT min(parked_id::text), min(fingerprint) FROM parked")
        groups, shown = await walk.next(PARKED=parked_id)
        assert fingerprint in groups.out
        assert "KeyError" in shown.out
        shadow, difference = await walk.next()
        assert "24" in next(line for line in shadow.out.splitlines() if line.startswith("orders that differ"))
        assert all(f"{name}-{n} " in difference.out for name in ("parked", "wrong") for n in range(12))
        assert "right-" not in difference.out
        await system.stop("processors")
        system.deployed = Release()
        await system.start("processors")
        await walk.next(FINGERPRINT=fingerprint)
        assert (await ticketwire("parked", "groups")).out == ""
        await system.settled("parked-%", "delivered")
        await walk.next()
    await system.settled("wrong-%", "delivered")
    tickets = await system.fetch(
        "SELECT count(*) FROM tickets JOIN orders USING (order_id) WHERE order_no LIKE 'wrong-%'"
    )
    assert tickets == [(24,)]
    told = [request for request in system.sink.at("/shop") if b'"wrong-3"' in request.body]
    assert ["ticketwire-replay" in request.headers for request in told] == [False, True]
    assert b"wrong-3-b" in told[1].body


async def test_a_partner_was_down_for_a_weekend(system: System) -> None:
    system.sink.plan("/shop", DOWN)
    for status in (0, 1):
        await system.send(*((f"weekend-{n}", void_body(f"weekend-{n}", status)) for n in range(6)))
        await system.taken()
    await system.settled("weekend-%", "given_up")

    async with Walk("A partner was down for a weekend") as walk:
        _, listed = await walk.next()
        assert listed.out.count("given_up") == 12
        system.sink.plan("/shop", OK)
        system.sink.requests.clear()
        _, preview = await walk.next()
        assert re.search(r"given_up +12 ", preview.out)
        _, left = await walk.next()
        await system.settled("weekend-%", "delivered")
        assert left.out == ""
    for n in range(6):
        bodies = [request.body for request in system.sink.at("/shop") if f'"weekend-{n}"'.encode() in request.body]
        assert [b'"void_status":1' in body for body in bodies] == [False, True]


async def test_a_supplier_resent_a_month(system: System) -> None:
    events = [(f"month-{n}", ticketed_body(f"month-{n}", f"M{n}")) for n in range(8)]
    await system.send(*events)
    await system.send(("month-0", ticketed_body("month-0", "M0", "M0-b")))
    await system.taken()
    await system.settled("month-%", "delivered")
    count = "SELECT count(*), (SELECT count(*) FROM callbacks), (SELECT count(*) FROM journal) FROM events"
    before, began = await system.fetch(count), datetime.now(UTC)
    for _ in range(2):
        await system.send(*events)
    await system.taken()
    assert await system.fetch(count) == before

    async with Walk("A supplier resent a month") as walk:
        dry_run, listed, timeline = await walk.next(SINCE=began.isoformat(), ORDER="month-0")
        assert ("16" in dry_run.out, listed.out) == (True, "")
        assert timeline.out.count("contradicts-present") == 2
        shown, _, verified = await walk.next(SINCE=began.isoformat(), ORDER="month-0")
        assert "M0-b" in shown.out
        assert "intact" in verified.err
    verdicts = await system.fetch(
        "SELECT verdict, count(*) FROM arrivals JOIN orders USING (order_id) WHERE order_no LIKE 'month-%'"
        " AND arrivals.arrived_at > $1 GROUP BY verdict ORDER BY verdict",
        began,
    )
    assert verdicts == [("contradicts-present", 2), ("repeat", 14)]


async def test_postgres_was_restored_from_yesterdays_backup(system: System) -> None:
    from_backup, lost, ids = await _lose_a_day(system)
    await system.send(("meanwhile", ticketed_body("meanwhile", "MW")))

    async with Walk("Postgres was restored from yesterday's backup") as walk:
        await system.start("console")
        _, endpoints, *_ = await walk.next()
        assert ("shop" in endpoints.out, "late" in endpoints.out) == (True, False)
        await system.start("replayer")
        _, applied, rebuilt = await walk.next(BACKUP=from_backup)
        assert "left to live" in applied.out
        assert "equal" in rebuilt.out
        await system.start("processors", "publisher")
        await system.taken()
        _, preview, _ = await walk.next(BACKUP=from_backup)
        assert re.search(r"suppressed +4 ", preview.out)
    await system.settled("lost-%", "delivered")
    await system.settled("meanwhile", "delivered")
    assert [row for row in await system.fetch(_WHAT_HOLDS) if row[0] != "lost-parked"] == lost
    again = {
        request.headers["webhook-id"]: "ticketwire-replay" in request.headers
        for request in system.sink.at("/shop")
        if b'"lost-' in request.body
    }
    assert ids < again.keys()
    assert set(again.values()) == {True}
    (live,) = [request for request in system.sink.at("/shop") if b'"meanwhile"' in request.body]
    assert "ticketwire-replay" not in live.headers


async def _lose_a_day(system: System) -> tuple[str, list[tuple[Any, ...]], set[str]]:
    """A backup, a day after it, and the backup in the place of it all; nothing runs. An hour before the backup, what
    held of the day, and the ids of its callbacks."""
    await system.send(("backup-0", ticketed_body("backup-0", "B0")))
    await system.taken()
    await system.settled("backup-%", "delivered")
    backup, database = datetime.now(UTC), system.database
    await system.stop()
    await execute(system.admin_dsn, f"CREATE DATABASE {database}_backup TEMPLATE {database}")
    await system.start("console", "processors", "publisher")
    assert (await ticketwire("endpoint", "create", "late", "--to", f"{system.sink.url}/late")).code == 0
    system.deployed.fails_on = "lost-parked"
    await system.send(*((f"lost-{n}", ticketed_body(f"lost-{n}", f"L{n}")) for n in ("1", "2", "parked")))
    await system.send(("lost-1", void_body("lost-1", 0)))
    await system.taken()
    await system.settled("lost-%", "delivered")
    lost = await system.fetch(_WHAT_HOLDS)
    ids = {request.headers["webhook-id"] for request in system.sink.at("/shop") if b'"lost-' in request.body}
    await system.stop()
    system.deployed, system.sink.requests = Release(), []
    await execute(system.admin_dsn, f"DROP DATABASE {database} WITH (FORCE)")
    await execute(system.admin_dsn, f"ALTER DATABASE {database}_backup RENAME TO {database}")
    return (backup - timedelta(hours=1)).isoformat(), lost, ids


_WHAT_HOLDS = (
    "SELECT order_no, (SELECT array_agg(ticket_number ORDER BY 1) FROM tickets t WHERE t.order_id = o.order_id),"
    " (SELECT array_agg(status ORDER BY 1) FROM void_cases v WHERE v.order_id = o.order_id) FROM orders o"
    " WHERE order_no LIKE 'lost-%' OR order_no LIKE 'backup-%' ORDER BY order_no"
)
