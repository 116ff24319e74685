"""One sample's way, followed: sent, on Kafka, applied, owed, arrived, verified."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.api_client import ApiClient, ApiRefused, segment
from cli.demo_receiver import DemoReceiver
from cli.sample_commands import post_sample
from cli.sample_list import Sample
from runtime.settings import Settings

PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one sample at one endpoint dialect. `verdict` is `delivered`, or how far it came."""

    sample: str
    order_no: str
    dialect: str
    verdict: str
    ok: bool
    place: str = ""
    callback_id: str = ""

    def brief(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("sample", "order_no", "dialect", "verdict", "ok")}


@dataclass(frozen=True, slots=True)
class Follower:
    """Sends samples and follows them. `endpoints`: name by dialect."""

    settings: Settings
    api: ApiClient
    receiver: DemoReceiver
    ingest_in: str
    endpoints: Mapping[str, str]

    async def follow(self, sample: Sample) -> list[Result]:
        """Send this sample and wait for its callbacks, one result for each dialect; never raises for a failure."""
        before = {entry["id"] for entry in await self._timeline(sample.order_no, "arrival")}
        status, text = await asyncio.to_thread(
            post_sample,
            self.settings,
            sample,
            to=f"{self.ingest_in}/{sample.source}",
            order_no=sample.order_no,
            source=sample.source,
        )
        if status != 200:
            return [self._failed(sample, dialect, f"not-accepted: {status} {text[:80]}") for dialect in self.endpoints]
        arrival = await self._wait_entry(sample.order_no, "arrival", lambda entry: entry["id"] not in before)
        if arrival is None:
            return [self._failed(sample, dialect, "not-applied") for dialect in self.endpoints]
        return list(await asyncio.gather(*(self._at(sample, dialect, arrival["entry"]) for dialect in self.endpoints)))

    async def _at(self, sample: Sample, dialect: str, arrival: Mapping[str, Any]) -> Result:
        place = f"{arrival['topic']}[{arrival['partition']}]@{arrival['offset']}"
        endpoint = self.endpoints[dialect]

        def ours(entry: Mapping[str, Any]) -> bool:
            callback = entry["entry"]
            return bool((callback["event_id"], callback["endpoint"]) == (arrival["event_id"], endpoint))

        owed = await self._wait_entry(sample.order_no, "callback", ours)
        if owed is None:
            return self._failed(sample, dialect, f"no-callback: the arrival is {arrival['verdict']}", place=place)
        callback = owed["id"]
        call = await self.receiver.wait_for(endpoint, f"msg_{callback.replace('-', '')}", seconds=PATIENCE_SECONDS)
        if call is None:
            return self._failed(sample, dialect, "not-received", place=place, callback=callback)
        if not call.verified:
            return self._failed(sample, dialect, f"signature-wrong: {call.why}", place=place, callback=callback)
        missing = [fact for fact in (sample.order_no, *sample.facts) if fact not in _text(call.body)]
        if missing:
            return self._failed(sample, dialect, f"facts-missing: {missing[0]}", place=place, callback=callback)
        done = await self._wait_entry(
            sample.order_no, "callback", lambda entry: ours(entry) and entry["entry"]["state"] == "delivered"
        )
        if done is None:
            return self._failed(sample, dialect, "not-recorded", place=place, callback=callback)
        return Result(sample.name, sample.order_no, dialect, "delivered", ok=True, place=place, callback_id=callback)

    async def _wait_entry(self, order_no: str, kind: str, wanted: Any) -> dict[str, Any] | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for entry in await self._timeline(order_no, kind):
                if wanted(entry):
                    return entry
            await asyncio.sleep(_POLL_SECONDS)
        return None

    async def _timeline(self, order_no: str, kind: str) -> list[dict[str, Any]]:
        try:
            page = await asyncio.to_thread(self.api.get, f"/orders/{segment(order_no)}/timeline")
        except ApiRefused as refusal:
            if refusal.code == "not-found":
                return []
            raise
        return [entry for entry in page["entries"] if entry["kind"] == kind]

    def _failed(self, sample: Sample, dialect: str, verdict: str, *, place: str = "", callback: str = "") -> Result:
        return Result(sample.name, sample.order_no, dialect, verdict, ok=False, place=place, callback_id=callback)


def _text(body: bytes) -> str:
    """The body's JSON with its characters as they are, however they were escaped."""
    import json

    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return ""
