"""The whole of Ticketwire, every service a process of its own, as `ticketwire up` runs it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest_asyncio
from pydantic import SecretStr
from pyreqwest.client import Client, ClientBuilder

from cli.child import Child
from cli.hub import Hub
from cli.running import RunningUp
from dialects.registry import INBOUND
from runtime.settings import (
    ConsoleSettings,
    IngestSettings,
    PolicySettings,
    ProcessorSettings,
    Settings,
    SourceSettings,
    VerificationSettings,
)
from tests.sink import Sink

PROOF_SECRET = "PcrNq8964iFUkE0CyVV4bhgXXX"
"""By which callers of the sources `<party>-proven` prove themselves; the key in the one document's example."""

SOURCES = {name: SourceSettings(dialect=name) for name in INBOUND} | {
    f"{name}-proven": SourceSettings(
        dialect=name, verification=VerificationSettings(scheme="dialect", secrets=(SecretStr(PROOF_SECRET),))
    )
    for name in INBOUND
    if name != "atlas"
}


@dataclass
class Whole:
    """A running hub, its API, its database and a partner's server. `talk` is what `up` would have printed."""

    hub: Hub
    running: RunningUp
    http: Client
    database: asyncpg.Pool
    sink: Sink
    talk: list[str] = field(default_factory=list)

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the console's API; fails on any answer but 2xx."""
        request = self.http.request(method, f"{self.running.console}/api/v1{path}")
        request = request.header("authorization", f"Bearer {self.running.admin_token}")
        if body is not None:
            request = request.body_json(body)
        response = await request.build().send()
        content = bytes(await response.bytes())
        assert 200 <= response.status < 300, f"{method} {path}: {response.status} {content[:500]!r}"
        return orjson.loads(content) if content else None

    async def post(self, body: bytes, *, source: str = "atlas") -> int:
        """Send a webhook as a supplier would; the status it was answered with."""
        request = self.http.post(f"{self.running.ingest}/in/{source}").header("content-type", "application/json")
        response = await request.body_bytes(body).build().send()
        await response.bytes()
        return response.status

    async def endpoint(self, name: str, *, dialect: str = "standard", path: str | None = None, **more: Any) -> Any:
        """Create an endpoint at the partner's server; the API's answer, with its secret."""
        form = {"name": name, "url": f"{self.sink.url}{path or '/' + name}", "dialect": dialect, "policy": "quick"}
        return await self.api("POST", "/endpoints", form | {"event_types": ["order.ticketed", "order.void"]} | more)

    def child(self, name: str) -> Child:
        return next(child for child in self.hub._children if child.plan.name == name)

    def server(self, name: str) -> Any:
        """The embedded Kafka or Postgres, to kill."""
        return {"kafka": self.hub._servers._kafka, "postgres": self.hub._servers._postgres}[name]

    async def count(self, sql: str, *arguments: Any) -> int:
        """One number from the database; -1 while it is away."""
        try:
            return int(await self.database.fetchval(sql, *arguments) or 0)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return -1


@pytest_asyncio.fixture(scope="module")
async def whole(tmp_path_factory: Any) -> AsyncIterator[Whole]:
    """One for the module: its tests use order numbers and endpoints of their own."""
    folder: Path = tmp_path_factory.mktemp("whole")
    talk: list[str] = []
    settings = Settings(
        ingest=IngestSettings(port=0),
        console=ConsoleSettings(port=0),
        sources=SOURCES,
        processors=ProcessorSettings(session_timeout_seconds=6),
        policies={
            "quick": PolicySettings(kind="fixed", wait_seconds=0.5, retries=200),
            "void": PolicySettings(kind="fixed", wait_seconds=1, retries=10),
        },
    )
    environment = {
        "TICKETWIRE_POLICIES": orjson.dumps({k: p.model_dump() for k, p in settings.policies.items()}).decode(),
        "TICKETWIRE_SOURCES": orjson.dumps({name: _shown(source) for name, source in SOURCES.items()}).decode(),
        "TICKETWIRE_PROCESSORS__SESSION_TIMEOUT_SECONDS": "6",
    }
    with _environment(environment):
        hub = Hub(settings, data_dir=folder, talk=talk.append, any_port=True)
        running = await hub.start()
    watching = asyncio.create_task(hub.watch())
    database = await asyncpg.create_pool(running.postgres, min_size=0, max_size=4)
    try:
        async with Sink() as sink, ClientBuilder().no_proxy().max_connections(128).build() as http:
            yield Whole(hub, running, http, database, sink, talk)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await database.close()
        await hub.stop()


def _shown(source: SourceSettings) -> dict[str, Any]:
    """As the environment has it, with the secret itself."""
    proof = source.verification
    secrets = [secret.get_secret_value() for secret in proof.secrets]
    return {"dialect": source.dialect, "verification": {"scheme": proof.scheme, "secrets": secrets}}


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Any:
    import os

    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
