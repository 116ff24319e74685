"""The system that `bench` measures: all services on this machine, on data of their own that are removed afterwards."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from bench.databases import database_beside
from bench.events import SOURCE
from cli.api_client import ApiClient
from cli.demo_command import Defaults
from cli.hub import Hub
from cli.running import RunningUp
from runtime.kafka_clients import client_arguments
from runtime.settings import KafkaSettings, PostgresSettings, Settings, SourceSettings, VerificationSettings
from schemas.topics import all_topics

_CONFIGURATION = "ticketwire.toml"
"""Where the services look for settings: in their working directory."""


class BenchMachine:
    """`bench.ground.Machine`, by the hub."""

    def __init__(self, hub: Hub, running: RunningUp, settings: Settings, *, servers: Mapping[str, str]) -> None:
        self.ingest = running.ingest
        self.dsn = running.postgres
        self.kafka = settings.kafka.model_copy(update={"bootstrap_servers": running.kafka})
        self.secret = settings.sources[SOURCE].verification.secrets[0].get_secret_value()
        self.services = [service.name for service in running.services]
        self.servers: Mapping[str, str] = servers
        self._hub = hub
        self._api = ApiClient(running.console, running.admin_token)

    async def stop(self, service: str) -> None:
        await self._hub.child(service).stop()

    async def start(self, service: str) -> None:
        await self._hub.child(service).start()
        await self._hub.child(service).wait_ready()

    async def start_another(self, service: str) -> str:
        return await self._hub.start_another(service)

    async def remove(self, name: str) -> None:
        await self._hub.remove(name)

    async def console(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return await asyncio.to_thread(self._api.call, method, path, body=body)

    def processes(self) -> dict[str, int]:
        return {name: pid for name, pid in self._hub.processes().items() if pid}


@asynccontextmanager
async def bench_machine(given: Settings, *, folder: Path, talk: Callable[[str], None]) -> AsyncIterator[BenchMachine]:
    """The system on the servers that the settings name, in a database and under a topic prefix of its own; where they
    name none, on embedded ones in `folder`. All else are the defaults."""
    async with AsyncExitStack() as stack:
        dsn = given.postgres.dsn.get_secret_value()
        own_dsn = await stack.enter_async_context(database_beside(dsn)) if dsn else ""
        settings = _settings(given, own_dsn)
        if given.kafka.bootstrap_servers:
            stack.push_async_callback(_remove_topics, settings.kafka)
        _write_configuration(folder, settings)
        hub = Hub(settings, data_dir=folder, talk=talk, any_port=True, isolated=True)
        stack.push_async_callback(hub.stop)
        origin = {True: "given by the settings", False: "embedded"}
        servers = {
            "kafka_server": origin[bool(given.kafka.bootstrap_servers)],
            "postgres_server": origin[bool(dsn)],
        }
        yield BenchMachine(hub, await hub.start(), settings, servers=servers)


def _settings(given: Settings, dsn: str) -> Settings:
    prefix = f"ticketwire-bench-{secrets.token_hex(4)}."
    verification = VerificationSettings(scheme="hmac", secrets=(SecretStr(secrets.token_urlsafe(24)),))
    return Defaults(
        kafka=given.kafka.model_copy(update={"topic_prefix": prefix}),
        postgres=PostgresSettings(dsn=SecretStr(dsn)),
        sources={SOURCE: SourceSettings(dialect="atlas", verification=verification)},
    )


def _write_configuration(folder: Path, settings: Settings) -> None:
    """What the services cannot know from their environment, for their user's eyes only."""
    source = settings.sources[SOURCE]
    sections: dict[str, dict[str, Any]] = {
        "kafka": settings.kafka.model_dump(exclude={"bootstrap_servers"}, exclude_none=True),
        f"sources.{SOURCE}": {"dialect": source.dialect},
        f"sources.{SOURCE}.verification": {
            "scheme": source.verification.scheme,
            "secrets": list(source.verification.secrets),
        },
    }
    lines = []
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{name} = {json.dumps(value, default=_plain)}" for name, value in values.items())]
    file = os.open(folder / _CONFIGURATION, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w") as configuration:
        configuration.write("\n".join([*lines, ""]))


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


async def _remove_topics(settings: KafkaSettings) -> None:
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    await admin.start()
    try:
        present = set(await admin.list_topics()).intersection(all_topics(settings.topic_prefix))
        if present:
            await admin.delete_topics(sorted(present))
    finally:
        await admin.close()
