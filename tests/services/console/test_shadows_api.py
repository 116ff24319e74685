"""What a shadow showed, over the API: its difference, its promotion, its end."""

from typing import Any
from uuid import UUID, uuid4

from store.runs import claim_run, finish_run, request_run
from store.shadow import (
    StoredDifference,
    create_shadow,
    insert_differences,
    schemas_of,
    work_on,
    write_position,
)
from tests.services.console.conftest import Api


def difference(order_no: str) -> dict[str, Any]:
    row = {"table": "passengers", "key": "0", "before": {"birthday": "19900101"}, "after": {"birthday": "19910101"}}
    return {
        "source": "s",
        "order_no": order_no,
        "tables": ["passengers"],
        "rows": [row],
        "events": {"added": [], "superseded": [], "reread": [str(uuid4())]},
        "parked": [],
        "changes": [],
        "callbacks": [],
    }


async def shadow(api: Api, *order_nos: str, mode: str = "shadow") -> UUID:
    """A run that ended, with a shadow of these orders."""
    async with api.pool.acquire() as connection:
        run = await request_run(connection, kind="replay", asked={"mode": mode, "selection": {}}, actor="t")
        await claim_run(connection, kinds=["replay"], worker="w", lease_seconds=60)
        await finish_run(connection, run.run_id, worker="w", state="done", result={})
        async with connection.transaction():
            schemas = await schemas_of(connection, run.run_id)
            await create_shadow(connection, schemas)
            await work_on(connection, schemas.shadow)
            await write_position(connection, {"phase": "done"}, instead_of=None)
            found = [StoredDifference(UUID(int=n), "b", "t", difference(o), None) for n, o in enumerate(order_nos)]
            await insert_differences(connection, found)
    return run.run_id


async def test_the_difference_comes_page_by_page_with_personal_values_masked(api: Api) -> None:
    run = await shadow(api, "A", "B", "C")
    first = await api.get(f"/replays/{run}/difference", limit=2)
    rest = await api.get(f"/replays/{run}/difference", limit=2, cursor=first.json["next_cursor"])
    orders = first.json["orders"] + rest.json["orders"]
    assert [order["order_no"] for order in orders] == ["A", "B", "C"]
    assert rest.json["next_cursor"] is None
    assert orders[0]["rows"][0]["after"] == {"birthday": "***"}
    assert (await api.get(f"/replays/{run}/difference", cursor="nonsense")).code == "invalid-request"


async def test_a_promotion_is_asked_for_once_at_a_time(api: Api) -> None:
    run = await shadow(api, "A")
    asked = await api.post(f"/replays/{run}/promote", {"callbacks": "emit", "reason": "a fix"})
    assert (asked.status, asked.json["kind"], asked.json["asked"]["run"]) == (202, "promote", str(run))
    assert (await api.post(f"/replays/{run}/promote")).code == "conflict"
    assert (await api.post(f"/replays/{run}/discard")).code == "conflict"


async def test_a_discarded_shadow_is_gone_and_noted(api: Api) -> None:
    run = await shadow(api, "A")
    assert (await api.post(f"/replays/{run}/discard", {"reason": "no"})).json["discarded"] is True
    assert (await api.get(f"/replays/{run}/difference")).code == "not-found"
    assert (await api.post(f"/replays/{run}/promote")).code == "not-found"
    row = await api.pool.fetchrow("SELECT action, subject, reason FROM operator_actions")
    assert row is not None
    assert tuple(row) == ("discard", "run", "no")
    assert await api.pool.fetchval("SELECT count(*) FROM runs") == 1


async def test_only_a_finished_shadow_has_a_difference(api: Api) -> None:
    other = await shadow(api, mode="apply")
    assert (await api.get(f"/replays/{other}/difference")).code == "invalid-request"
    assert (await api.get(f"/replays/{uuid4()}/difference")).code == "not-found"
    started = await api.post("/replays", {"mode": "shadow"})
    assert (await api.get(f"/replays/{started.json['run_id']}/difference")).code == "conflict"


async def test_a_rebuild_is_asked_for_without_a_rate_of_its_own(api: Api) -> None:
    asked = await api.post("/rebuilds", {"reason": "drill"})
    assert (asked.status, asked.json["kind"], asked.json["asked"]) == (202, "rebuild", {"rate": 0})
