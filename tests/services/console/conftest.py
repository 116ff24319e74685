"""The console's API on a real Postgres, called over HTTP as its users call it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest_asyncio
from pydantic import SecretStr
from pyreqwest.client import Client, ClientBuilder

from console.app import build_app
from console.context import Console
from dialects.registry import OUTBOUND
from runtime.health import Health
from runtime.http_server import HttpServer
from runtime.secret_box import SecretBox, new_key
from runtime.settings import Settings
from store.pool import open_pool

TOKEN = "token-of-these-tests"


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    json: Any

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass(frozen=True, slots=True)
class Api:
    """Calls the API below /api/v1 with the token."""

    url: str
    client: Client
    pool: asyncpg.Pool
    box: SecretBox

    async def call(self, method: str, path: str, body: Any = None, *, query: dict[str, Any] | None = None) -> Answered:
        request = self.client.request(method, f"{self.url}/api/v1{path}").bearer_auth(TOKEN)
        if body is not None:
            request = request.body_json(body)
        if query is not None:
            request = request.query(query)
        response = await request.build().send()
        return Answered(response.status, await response.json())

    async def get(self, path: str, **query: Any) -> Answered:
        return await self.call("GET", path, query=query)

    async def post(self, path: str, body: Any = None, **query: Any) -> Answered:
        return await self.call("POST", path, body, query=query)


@pytest_asyncio.fixture
async def api(database_dsn: str) -> AsyncIterator[Api]:
    key = SecretStr(new_key())
    settings = Settings.model_validate(
        {"admin_token": TOKEN, "encryption_keys": [key], "postgres": {"dsn": database_dsn}, "console": {"port": 0}}
    )
    pool, box = await open_pool(settings.postgres, name="console"), SecretBox([key])
    server = HttpServer(build_app(Console(settings, pool, box, OUTBOUND), Health()), host="127.0.0.1", port=0)
    await server.start()
    try:
        async with ClientBuilder().build() as client:
            yield Api(server.url, client, pool, box)
    finally:
        await server.stop(5)
        await pool.close()
