"""The rebuild drill: fold all that Kafka has into a shadow and compare every order with live, table by table."""

from typing import Any

from replays.fold import Control, Workbench
from replays.shadow import Position, ShadowBuild, found
from schemas.selection import Selection
from store.runs import Run
from store.shadow import drop_shadow


class RebuildTask:
    """`replays.runner.Task` for rebuilds. Nothing is kept of the shadow but what it showed."""

    kind = "rebuild"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """What was compared, and whether it is equal."""
        if "result" not in run.progress:
            build = ShadowBuild(self._bench, run.run_id, control, whole=True)
            result = verdict(await build.build(Selection()))
            await control.checkpoint({"result": result})
        else:
            result = run.progress["result"]
        async with control.pool.acquire() as connection:
            await drop_shadow(connection, run.run_id)
        return dict(result)


def verdict(position: Position) -> dict[str, Any]:
    """The shadow's findings, with one digest for each table of live and of what was folded.

    `not_on_kafka`: live arrivals whose record is gone though Kafka's log begins before it; that is a difference.
    `before_log_start` are those that retention took: they were folded from Postgres, and prove nothing.
    """
    shown = found(position)
    taken = shown.pop("taken_from_live")
    seconds = shown["seconds"]["fold"] + shown["seconds"]["compare"]
    return shown | {
        "equal": position["differing"] == 0,
        "tables": [
            {"table": table, "live": live, "folded": folded, "equal": live == folded}
            for table, (live, folded) in sorted(position["sums"].items())
        ],
        "not_on_kafka": position["counts"].get("not_on_kafka", 0),
        "before_log_start": taken["before_range"],
        "after_the_end": taken["after_range"],
        "hub_events": taken["hub_events"],
        "seconds_per_1000_events": round(seconds * 1000 / position["records"], 4) if position["records"] else None,
    }
