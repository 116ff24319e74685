"""The console's application without a database: what it must do by itself."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.response import Response

from console.app import build_app
from console.context import Console
from dialects.registry import OUTBOUND
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.secret_box import SecretBox, new_key
from runtime.settings import Settings
from store.pool import open_pool
from tests.unit.console.settings_here import settings_here

TOKEN = "token-of-these-tests"
NOBODY_LISTENS = "postgresql://u:p@127.0.0.1:1/d"


@dataclass(frozen=True, slots=True)
class OwnDialect:
    """A party with credentials of its own form: it signs with no secrets that could be made here."""

    event_types: frozenset[str] = frozenset({"order.ticketed"})

    takes_context = False
    only_named = False

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        return ["takes none"] if context else []

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        return [] if "app_key" in credentials else ["credentials.app_key is missing"]


@dataclass(frozen=True, slots=True)
class App:
    """The application, called over HTTP as its users call it."""

    url: str
    client: Client
    console: Console

    async def call(self, method: str, path: str, *, token: str | None = TOKEN, body: Any = None) -> Response:
        request = self.client.request(method, f"{self.url}{path}")
        if token is not None:
            request = request.bearer_auth(token)
        if body is not None:
            request = request.body_json(body)
        return await request.build().send()


@pytest.fixture
def settings() -> Settings:
    return settings_here(
        admin_token=TOKEN,
        encryption_keys=[new_key()],
        postgres={"dsn": NOBODY_LISTENS},
        policies={"own": {"kind": "fixed"}},
    )


@pytest_asyncio.fixture
async def console(settings: Settings) -> AsyncIterator[Console]:
    pool = await open_pool(settings.postgres, name="console")
    yield Console(settings, pool, SecretBox(settings.encryption_keys), {**OUTBOUND, "own": OwnDialect()})
    await pool.close()


@pytest_asyncio.fixture
async def app(console: Console) -> AsyncIterator[App]:
    server = HttpServer(build_app(console, Health()), host="127.0.0.1", port=0)
    await server.start()
    async with ClientBuilder().no_proxy().build() as client:
        yield App(server.url, client, console)
    await server.stop(1)


@pytest.fixture
def box() -> SecretBox:
    return SecretBox([SecretStr(new_key())])
