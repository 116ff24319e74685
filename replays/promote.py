"""Take a shadow's difference over into live: one transaction per order, audited, and none twice."""

from typing import Any
from uuid import UUID

from replays.fold import Control
from replays.promote_order import PROMOTED, NotTheShadow, Promotion
from runtime.errors import Conflict, NotFound
from runtime.logs import get_logger
from schemas.wire_forms import WireForms
from store.owing import Telling
from store.pool import is_refusal
from store.promotion import parked_of_no_order, settle_parked, summary
from store.runs import Run
from store.shadow import (
    Schemas,
    StoredDifference,
    drop_shadow,
    note_promoted,
    number_of_differences,
    read_differences,
    read_position,
    schemas_of,
    work_on,
)

NOT_THE_SAME = "its events did not fold to the shadow's rows"
REFUSED = "Postgres will not take it"
ORDERS_AT_ONCE = 100
SHOWN_ORDERS = 100

log = get_logger()


class PromoteTask:
    """`replays.runner.Task` for promotions. `asked`: {"run": the shadow's run, "callbacks": "suppress" | "emit"}."""

    kind = "promote"

    def __init__(self, wire_forms: WireForms) -> None:
        self._wire_forms = wire_forms

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """Promote every order that is still as it was compared; the shadow goes at the end.

        Raises NotFound when the shadow is gone, Conflict when it is not complete.
        """
        shadow_run = UUID(run.asked["run"])
        if "result" not in run.progress:
            result = await self._promote_all(run, shadow_run, control)
            await control.checkpoint({"result": result})
        else:
            result = run.progress["result"]
        async with control.pool.acquire() as connection:
            await drop_shadow(connection, shadow_run)
        return dict(result)

    async def _promote_all(self, run: Run, shadow_run: UUID, control: Control) -> dict[str, Any]:
        emits = run.asked["callbacks"] == "emit"
        telling = Telling(replay=True) if emits else Telling(suppressed=f"suppressed by promotion {run.run_id}")
        schemas, number = await _open(control, shadow_run)
        promotion = Promotion(run, schemas, telling, self._wire_forms)
        after, done = None, 0
        while page := await _page(control, schemas, after):
            for difference in page:
                if difference.promoted is None:
                    await _promote(control, promotion, difference)
            after, done = page[-1].order_id, done + len(page)
            await control.checkpoint({"phase": "promote", "done": done, "of": number})
            await control.pace(len(page))
        return await _end(control, promotion)


async def _open(control: Control, shadow_run: UUID) -> tuple[Schemas, int]:
    """The shadow, and how many differences it has."""
    async with control.pool.acquire() as connection, connection.transaction():
        schemas = await schemas_of(connection, shadow_run)
        position = await read_position(connection, schemas)
        if position is None:
            raise NotFound(
                f"run {shadow_run} has no shadow: it was promoted or discarded, grew old, or was lost in a crash",
                hint="run the shadow again: ticketwire replay --shadow",
            )
        if position["phase"] != "done":
            raise Conflict(f"the shadow of run {shadow_run} is not complete", hint="wait until that run is done")
        return schemas, await number_of_differences(connection)


async def _page(control: Control, schemas: Schemas, after: UUID | None) -> list[StoredDifference]:
    async with control.pool.acquire() as connection, connection.transaction():
        await work_on(connection, schemas.shadow)
        return await read_differences(connection, after=after, limit=control.batch_records(ORDERS_AT_ONCE))


async def _promote(control: Control, promotion: Promotion, difference: StoredDifference) -> None:
    """One that cannot be promoted is left alone and named; raises LeaseLost when another worker promoted the order."""
    order = difference.order_id
    try:
        async with control.pool.acquire() as connection, connection.transaction():
            became = await promotion.promote(connection, difference)
            await work_on(connection, promotion.schemas.shadow)
            await note_promoted(connection, order, became)
    except Exception as error:
        if not isinstance(error, NotTheShadow) and not is_refusal(error):
            raise
        why = NOT_THE_SAME if isinstance(error, NotTheShadow) else f"{REFUSED}: {type(error).__name__}"
        log.warning("promotion.impossible", run=str(promotion.run.run_id), order=str(order), reason=why)
        async with control.pool.acquire() as connection, connection.transaction():
            await work_on(connection, promotion.schemas.shadow)
            await note_promoted(connection, order, why)


async def _end(control: Control, promotion: Promotion) -> dict[str, Any]:
    schemas = promotion.schemas
    async with control.pool.acquire() as connection, connection.transaction():
        await work_on(connection, schemas.shadow)
        nobodys = await parked_of_no_order(connection)
        done = await summary(connection, first=SHOWN_ORDERS)
        await work_on(connection, schemas.live)
        await settle_parked(connection, schemas, landed=[], parked=nobodys, run=promotion.run.run_id)
    skipped = {str(why): number for why, number in done.numbers.items() if why != PROMOTED}
    return {
        "promoted": done.numbers.get(PROMOTED, 0),
        "skipped": [
            {"why": why, "orders": number, "first_orders": done.first_orders[why]}
            for why, number in sorted(skipped.items())
        ],
        "parked_of_no_order": len(nobodys),
    }
