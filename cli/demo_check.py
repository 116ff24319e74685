"""One sample's way, followed: sent, on Kafka, applied, owed, arrived, taken by a strict partner."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.api_client import ApiClient, ApiRefused, segment
from cli.demo_partners import DemoPartners
from cli.partner_server import Visit
from cli.sample_commands import post_sample
from cli.sample_list import Sample
from dialects.registry import CALLERS
from runtime.settings import Settings

PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one sample at one party. `verdict` is the party's own, or how far the sample came."""

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
    """Sends samples and follows them."""

    settings: Settings
    api: ApiClient
    partners: DemoPartners
    ingest_in: str

    async def follow(self, sample: Sample) -> list[Result]:
        """Send this sample and wait for its callbacks, one result for each dialect; never raises for a failure.

        A source whose contract answers with a verdict has one more result: that verdict, and what the order shows.
        """
        await self.partners.prepare(sample)
        before = {entry["id"] for entry in await self._timeline(sample.order_no, "arrival")}
        answered = await asyncio.to_thread(
            post_sample,
            self.settings,
            sample,
            to=f"{self.ingest_in}/{sample.source}",
            order_no=sample.order_no,
            source=sample.source,
        )
        own = [sample.source] if sample.source in CALLERS else []
        everyone = [*own, *sample.told]
        if not answered.taken:
            words = f"not-accepted: {answered.status} {answered.text[:80]}"
            return [self._failed(sample, dialect, words) for dialect in everyone]
        arrival = await self._wait_entry(sample.order_no, "arrival", lambda entry: entry["id"] not in before)
        if arrival is None:
            return [self._failed(sample, dialect, "not-applied") for dialect in everyone]
        served = [await self._served(sample, answered.text) for _ in own]
        told = await asyncio.gather(*(self._at(sample, dialect, arrival["entry"]) for dialect in sample.told))
        return [*served, *told]

    async def _served(self, sample: Sample, answer: str) -> Result:
        """The answer in the contract's own form was yes; and the order must show what was said."""
        order = await asyncio.to_thread(self.api.get, f"/orders/{segment(sample.order_no)}", source=sample.source)
        if missing := _missing(sample, order):
            return self._failed(sample, sample.source, f"not-in-the-order: {missing}")
        return Result(sample.name, sample.order_no, sample.source, f"answered {answer}", ok=True)

    async def _at(self, sample: Sample, dialect: str, arrival: Mapping[str, Any]) -> Result:
        place = f"{arrival['topic']}[{arrival['partition']}]@{arrival['offset']}"
        endpoint = self.partners.endpoint(dialect)

        def ours(entry: Mapping[str, Any]) -> bool:
            callback = entry["entry"]
            return bool((callback["event_id"], callback["endpoint"]) == (arrival["event_id"], endpoint))

        owed = await self._wait_entry(sample.order_no, "callback", ours)
        if owed is None:
            return self._failed(sample, dialect, f"no-callback: the arrival is {arrival['verdict']}", place=place)
        callback = owed["id"]
        webhook_id = f"msg_{callback.replace('-', '')}"
        visit = await self.partners.wait_for(dialect, sample, webhook_id=webhook_id, seconds=PATIENCE_SECONDS)
        if wrong := _wrong(visit, sample, dialect):
            return self._failed(sample, dialect, wrong, place=place, callback=callback)
        done = await self._wait_entry(
            sample.order_no, "callback", lambda entry: ours(entry) and entry["entry"]["state"] == "delivered"
        )
        if done is None or visit is None:
            return self._failed(sample, dialect, "not-recorded", place=place, callback=callback)
        verdict = visit.verdict
        return Result(sample.name, sample.order_no, dialect, verdict, ok=True, place=place, callback_id=callback)

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


def _wrong(visit: Visit | None, sample: Sample, dialect: str) -> str:
    """What is wrong with the call by the partner's own judgement; empty when it has taken it without a remark."""
    if visit is None:
        return "not-received"
    if not visit.accepted or visit.remarks:
        return "; ".join((visit.verdict, *visit.remarks))
    if dialect in sample.contexts:
        return ""  # in the party's own words, which the context supplied
    missing = _missing(sample, visit.request.body)
    return f"facts-missing: {missing}" if missing else ""


def _missing(sample: Sample, said: Any) -> str:
    """The first of the sample's facts that is not in there."""
    try:
        text = json.dumps(json.loads(said) if isinstance(said, bytes) else said, ensure_ascii=False)
    except ValueError:
        text = ""
    return next((fact for fact in (sample.order_no, *sample.facts) if fact not in text), "")
