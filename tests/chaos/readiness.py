"""Does `/readyz` tell the truth? Every service is asked twice a second, past the proxies."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from tests.chaos.service import Service
from tests.waiting import until

GRACE_SECONDS = 5.0
"""How long a service may still say ready when what it needs is gone."""

_EVERY_SECONDS = 0.5
_PATIENCE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer: asked and answered at these moments of the monotonic clock. `reasons`: the body of a refusal."""

    asked_at: float
    answered_at: float
    ready: bool
    reasons: str


@dataclass(frozen=True, slots=True)
class Away:
    """`what` could not be reached by these services between these moments."""

    what: str
    services: Collection[str]
    since: float
    until: float


class Readiness:
    """`async with Readiness(services) as readiness:` samples while the block runs."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.samples: dict[str, list[Sample]] = {name: [] for name in services}
        self._services = services
        self._asking: list[asyncio.Task[None]] = []
        self._client: Client | None = None

    async def __aenter__(self) -> "Readiness":
        self._client = ClientBuilder().no_proxy().timeout(_PATIENCE).build()
        self._asking = [asyncio.create_task(self._keep_asking(name)) for name in self._services]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def not_ready(self, *, since: float) -> dict[str, str]:
        """The services that have not said ready to a question asked since then, and what they said last."""
        missing = {}
        for name, samples in self.samples.items():
            latest = samples[-1] if samples else None
            if latest is None or not latest.ready or latest.asked_at < since:
                missing[name] = latest.reasons if latest is not None else "not asked yet"
        return missing

    async def until_ready(self, service: Service, *, patience_seconds: float) -> bool:
        """Wait until a service that is not sampled says ready; False: it did not in this time."""

        async def ready() -> bool:
            return (await self._ask(service.plan.url)).ready

        try:
            return bool(await until(ready, seconds=patience_seconds))
        except AssertionError:
            return False

    def lies(self, away: Away) -> list[str]:
        """Who said ready though what it needs had been gone for longer than the grace, in words."""
        found = []
        for name in away.services:
            ready = [
                sample
                for sample in self.samples[name]
                if sample.ready and sample.asked_at >= away.since + GRACE_SECONDS and sample.answered_at <= away.until
            ]
            if ready:
                seconds = ready[-1].asked_at - away.since
                found.append(f"{name} said ready though {away.what} had been away for {seconds:.1f} s")
        return found

    async def _keep_asking(self, name: str) -> None:
        while True:
            self.samples[name].append(await self._ask(self._services[name].plan.url))
            await asyncio.sleep(_EVERY_SECONDS)

    async def _ask(self, url: str) -> Sample:
        assert self._client is not None, "use it as a context manager"
        asked_at, ready, reasons = time.monotonic(), False, "no answer"
        with contextlib.suppress(PyreqwestError):
            response = await self._client.get(f"{url}/readyz").build().send()
            reasons = (await response.text())[:300]
            ready = response.status == 200
        return Sample(asked_at, time.monotonic(), ready, reasons)
