"""The steps of the proof, one after the other; each adds its figures, and its finding where something is not as it
must be."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.replay_proof import live
from tests.replay_proof.events import Orders, orders, write
from tests.replay_proof.machine import ENDED, Machine
from tests.sink import Sink
from tests.waiting import until

P99_BOUND = 1.5
TURNS = 4
"""A machine's speed changes by the minute: what is compared takes turns."""
_UNPACED_WITH_A_MIDDLE = 400
EVERYTHING: dict[str, Any] = {"types": ["order.ticketed"]}
_TABLES = ("orders", "events", "arrivals", "passengers", "tickets", "pnrs", "journal", "callbacks", "parked")


@dataclass(frozen=True, slots=True)
class Options:
    """`kills`: a kill -9 in the middle of each run. `live_seconds`: of the live stream beside each kind of
    run; 0: none."""

    events: int
    seed: int
    kills: bool = True
    live_seconds: float = 40.0


@dataclass(slots=True)
class Found:
    """`rates` in events per second, `ratios` of them to live processing. `wrong` is empty when all is proven."""

    orders: Orders
    rates: dict[str, float] = field(default_factory=dict)
    kills: list[dict[str, Any]] = field(default_factory=list)
    latency: dict[str, live.Latency] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def ratios(self) -> dict[str, float]:
        return {name: round(rate / self.rates["live"], 2) for name, rate in self.rates.items()}

    def check(self, what: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            self.wrong.append(f"{what}: {str(seen)[:300]} instead of {str(wanted)[:300]}")


class Proof:
    """One proof on one machine, whose tables and topics are empty."""

    def __init__(self, machine: Machine, options: Options, talk: Callable[[str], None]) -> None:
        self._machine = machine
        self._options = options
        self._talk = talk
        self._found = Found(orders(options.events, options.seed))

    async def run(self) -> Found:
        machine = self._machine
        async with Sink() as sink:
            await machine.start("console", "replayer", *(("ingest", "publisher") if self._options.live_seconds else ()))
            await self._endpoints(sink)
            await self._broken_day()
            await self._dry_run()
            await self._shadow_names_the_affected()
            await self._redrive()
            await self._promote()
            await self._second_replay()
            await self._rebuild()
            if self._options.live_seconds:
                await self._live_does_not_notice()
        return self._found

    async def _endpoints(self, sink: Sink) -> None:
        """One is told of the live stream; one is owed everything and never called."""
        shop = {"name": "shop", "url": f"{sink.url}/shop", "filter": {"sources": ["atlas"]}}
        await self._machine.api("POST", "/endpoints", shop)
        await self._machine.api("POST", "/endpoints", {"name": "ledger", "url": f"{sink.url}/ledger"})
        await self._machine.api("POST", "/endpoints/ledger/disable", {"reason": "only counted"})

    async def _broken_day(self) -> None:
        self._talk(f"writing {self._options.events:,} events")
        await write(self._machine.bootstrap, self._machine.topic_prefix, self._found.orders.all)
        self._talk("live, with the broken release")
        await self._machine.start("processors", broken=True)
        count = "SELECT (SELECT count(*) FROM arrivals) + (SELECT count(*) FROM parked)"

        async def taken() -> bool:
            return bool(await self._machine.database.fetchval(count) == self._options.events)

        await until(taken, seconds=900, what="live to take everything", every=0.2)
        span = await self._machine.database.fetchval(
            "SELECT extract(epoch FROM max(processed_at) - min(processed_at)) FROM arrivals"
        )
        self._found.rates["live"] = round(self._options.events / float(span))
        await self._machine.stop("processors")
        await self._machine.start("processors")

    async def _dry_run(self) -> None:
        self._talk("dry run")
        run = await self._carried_out("/replays", {"mode": "dry-run", **EVERYTHING})
        result = run["result"]
        applied = len(self._found.orders) - len(self._found.orders.poison)
        seen = tuple(result["total"][word] for word in ("records", "applied", "new", "parked"))
        self._found.check("dry run", seen, (self._options.events, applied, 0, len(self._found.orders.poison)))
        await self._rate("dry_run", {"mode": "dry-run", **EVERYTHING})

    async def _shadow_names_the_affected(self) -> None:
        self._talk("shadow, before the deployment")
        run = await self._carried_out("/replays", {"mode": "shadow", **EVERYTHING})
        named = await self._differing(run["run_id"])
        self._found.check("orders in the shadow", named, self._found.orders.poison | self._found.orders.misread)
        self._found.figures["affected_orders_named"] = len(named)
        await self._machine.api("POST", f"/replays/{run['run_id']}/discard", {"reason": "shown"})

    async def _redrive(self) -> None:
        self._talk("redrive by fingerprint")
        groups = (await self._machine.api("GET", "/parked/groups"))["groups"]
        self._found.check(
            "groups of parked events", [group["number"] for group in groups], [len(self._found.orders.poison)]
        )
        selection = {"fingerprint": groups[0]["fingerprint"]}
        run = await self._carried_out("/parked/retry", {"selection": selection}, number=groups[0]["number"])
        result = run["result"]
        self._found.check("redrive", (result["landed"], result["failed"]), (len(self._found.orders.poison), 0))
        self._found.check("left in the list", (await self._machine.api("GET", "/parked/groups"))["groups"], [])
        self._found.figures["redriven"] = result["landed"]

    async def _promote(self) -> None:
        self._talk("shadow, and its promotion")
        run = await self._rate("shadow", {"mode": "shadow", **EVERYTHING})
        self._found.check("orders left to promote", await self._differing(run["run_id"]), self._found.orders.misread)
        path, wanted = f"/replays/{run['run_id']}/promote", {"reason": "mended"}
        await self._carried_out(path, wanted, number=len(self._found.orders.misread), paced=False)
        unfilled = await self._machine.database.fetchval(
            "SELECT count(*) FROM orders o WHERE (SELECT count(*) FROM tickets t WHERE t.order_id = o.order_id) <> 2"
        )
        self._found.check("orders without both tickets", unfilled, 0)

    async def _second_replay(self) -> None:
        self._talk("everything once more, twice")
        before = await self._digests()
        await self._carried_out("/replays", {"mode": "apply", "callbacks": "emit", **EVERYTHING})
        run = await self._rate("apply", {"mode": "apply", "callbacks": "emit", **EVERYTHING})
        counts = run["result"]["by_type"]["order.ticketed"]
        known = {word: number for word, number in counts.items() if number}
        self._found.check("replayed", known, {"records": self._options.events, "already_applied": self._options.events})
        self._found.check("rows after a second replay", await self._digests(), before)

    async def _rebuild(self) -> None:
        self._talk("rebuild drill")
        run = await self._carried_out("/rebuilds", {})
        self._found.check("rebuild is equal", run["result"]["equal"], True)
        self._found.figures["rebuild_seconds_per_1000_events"] = run["result"]["seconds_per_1000_events"]

    async def _live_does_not_notice(self) -> None:
        seconds = self._options.live_seconds / TURNS
        self._talk(f"a live stream, alone and beside runs at the replayer's own rate: {TURNS} turns of {seconds:g} s")
        await live.stream(self._machine, "warm", seconds=seconds)
        for turn in range(TURNS):
            for mode in ("apply", "shadow"):
                await live.stream(self._machine, f"alone-{turn}-{mode}", seconds=seconds)
                await self._live_beside(mode, f"{mode}-{turn}", seconds=seconds)
        self._found.latency = {name: await live.latency(self._machine, name) for name in ("alone", "apply", "shadow")}
        bound = P99_BOUND * self._found.latency["alone"].p99
        for name in ("apply", "shadow"):
            if self._found.latency[name].p99 > bound:
                self._found.wrong.append(
                    f"live p99 beside {name}: {self._found.latency[name].p99} ms, bound {bound:.1f}"
                )

    async def _live_beside(self, mode: str, name: str, *, seconds: float) -> None:
        run_id = (await self._machine.api("POST", "/replays", {"mode": mode, **EVERYTHING}))["run_id"]
        await until(partial(self._has_begun, run_id), what="the run to begin", every=0.05)
        await live.stream(self._machine, name, seconds=seconds)
        if await self._has_ended(run_id):
            self._found.figures[f"{mode}_ended_within_the_window"] = True
            return
        await self._machine.api("POST", f"/runs/{run_id}/cancel")
        await until(partial(self._has_ended, run_id), what="the end of the cancelled run")

    async def _rate(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """A run as fast as it can, undisturbed."""
        asked = await self._machine.api("POST", "/replays", wanted | {"rate": 0})
        begun = time.monotonic()
        run = await self._machine.ended(asked["run_id"])
        spent = run["result"]["seconds"]
        seconds = sum(spent.values()) if isinstance(spent, dict) else spent
        self._found.rates[name] = round(self._options.events / max(seconds, 1e-6))
        self._found.figures[f"{name}_seconds"] = spent
        self._found.figures[f"{name}_wall_seconds"] = round(time.monotonic() - begun, 1)
        return run

    async def _carried_out(
        self, path: str, wanted: dict[str, Any], *, number: int | None = None, paced: bool = True
    ) -> dict[str, Any]:
        """A run to its end; with kills, its replayer is killed in the middle, and another takes over. One that is not
        paced has a middle only if it is of some size."""
        of = self._options.events if number is None else number
        if paced:
            wanted = wanted | {"rate": of / 4 if self._options.kills else 0}
        answer = await self._machine.api("POST", path, wanted)
        run_id = (answer.get("run") or answer)["run_id"]
        if self._options.kills and (paced or of >= _UNPACED_WITH_A_MIDDLE):
            await self._kill_within(run_id)
        return await self._machine.ended(run_id)

    async def _kill_within(self, run_id: str) -> None:
        await until(partial(self._has_begun, run_id), seconds=120, what="progress to lose", every=0.05)
        await self._machine.kill("replayer")
        row = await self._machine.database.fetchrow("SELECT kind, state, progress FROM runs WHERE run_id = $1", run_id)
        assert row is not None
        self._found.kills.append({"kind": row["kind"], "state": row["state"]})
        self._found.check(f"state of the {row['kind']} when killed", row["state"], "running")
        await self._machine.start("replayer")

    async def _has_begun(self, run_id: str) -> bool:
        done = await self._machine.database.fetchval(
            "SELECT (progress ->> 'done')::bigint FROM runs WHERE run_id = $1 AND state = 'running'", run_id
        )
        return bool(done)

    async def _has_ended(self, run_id: str) -> bool:
        return (await self._machine.api("GET", f"/runs/{run_id}"))["state"] in ENDED

    async def _differing(self, run_id: str) -> frozenset[str]:
        named: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self._machine.api(
                "GET", f"/replays/{run_id}/difference?limit=500" + (f"&cursor={cursor}" if cursor else "")
            )
            named += [order["order_no"] for order in page["orders"]]
            cursor = page["next_cursor"]
        return frozenset(named)

    async def _digests(self) -> dict[str, Any]:
        return {
            table: await self._machine.database.fetchval(
                f"SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {table} t"
            )
            for table in _TABLES
        }
