"""The whole of Ticketwire on this machine: Kafka and Postgres unless they are configured, and every service."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson

from cli.child import Child, ChildPlan
from cli.first_run import own_secrets
from cli.migrate_command import bring_up_to_date
from cli.places import Place, choose_places
from cli.ports import Ports
from cli.running import RunningService, RunningUp
from cli.servers import Servers
from ingest.sources import configured_sources
from runtime.settings import Settings


class Hub:
    """Started and stopped as one. `data_dir` keeps the embedded servers' data, the secrets and the logs.

    `on_change` is called, once everything is ready, whenever a service's process is another one. With `any_port`,
    ports of ingest and console that are taken are replaced by free ones. `isolated` services see neither the
    configuration file nor the environment's settings: they run on the defaults.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        data_dir: Path,
        talk: Callable[[str], None],
        on_change: Callable[[RunningUp], None] = lambda _: None,
        any_port: bool = False,
        isolated: bool = False,
    ) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._talk = talk
        self._on_change = on_change
        self._any_port = any_port
        self._isolated = isolated
        self._servers = Servers(settings, data_dir=data_dir, talk=talk)
        self._children: list[Child] = []
        self._ports = Ports()
        self._places: dict[str, Place] = {}
        self._environment: dict[str, str] = {}
        self._running: RunningUp | None = None

    async def start(self) -> RunningUp:
        """Start everything and wait until every service is ready; when one is not, nothing stays behind."""
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def watch(self) -> None:
        """Restart embedded servers that end by themselves; until cancelled. Raises EmbeddedError when that fails."""
        await self._servers.watch()

    async def stop(self) -> None:
        """Stop the services in the order in which events flow, then what they stand on. Safe to repeat."""
        self._running = None
        for child in self._children:
            self._talk(f"stopping {child.plan.name}")
            await child.stop()
        self._children = []
        await self._servers.stop()
        self._ports.release()

    def child(self, name: str) -> Child:
        """One service, by its name."""
        return next(child for child in self._children if child.plan.name == name)

    async def start_another(self, name: str) -> str:
        """Start one more process of a service, and wait until it is ready; returns what it is called, here alone."""
        place = self._places[name]
        place = replace(place, name=f"{name}-2", port=self._ports.free(place.host))
        child = self._add_child(place)
        await child.start()
        await child.wait_ready()
        return place.name

    async def remove(self, name: str) -> None:
        """Stop a process, for good."""
        child = self.child(name)
        await child.stop()
        self._children.remove(child)

    def processes(self) -> dict[str, int]:
        """Process ids by name: the services' and the embedded servers'."""
        return {child.plan.name: child.pid for child in self._children} | self._servers.processes()

    async def _start(self) -> RunningUp:
        # Before anything starts: a port that is taken is said at once, and Kafka and Postgres are given others.
        places = choose_places(self._settings, self._ports, any_port=self._any_port)
        self._data_dir.mkdir(parents=True, exist_ok=True)
        made = own_secrets(self._data_dir)
        token = self._settings.admin_token.get_secret_value() or made.admin_token
        keys = [key.get_secret_value() for key in self._settings.encryption_keys] or [made.encryption_key]
        kafka, dsn = await self._servers.start()
        done = await bring_up_to_date(dsn)
        self._talk(f"database migrated: {', '.join(done)}" if done else "database up to date")
        self._environment = self._base_environment() | {
            "TICKETWIRE_ADMIN_TOKEN": token,
            "TICKETWIRE_ENCRYPTION_KEYS": orjson.dumps(keys).decode(),
            "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "TICKETWIRE_POSTGRES__DSN": dsn,
        }
        self._places = {place.name: place for place in places}
        await self._start_services(places)
        urls = {place.name: place.url for place in places}
        self._running = RunningUp(
            pid=os.getpid(),
            console=urls["console"],
            admin_token=token,
            ingest=urls["ingest"],
            sources={name: f"{urls['ingest']}/in/{name}" for name in configured_sources(self._settings.sources)},
            kafka=kafka,
            postgres=dsn,
            services=self._services(),
        )
        return self._running

    def _add_child(self, place: Place) -> Child:
        plan = ChildPlan(
            name=place.name,
            words=place.words,
            environment=self._environment | {f"TICKETWIRE_{place.section}__PORT": str(place.port)},
            url=place.url,
            log=self._data_dir / "logs" / f"{place.name}.log",
            folder=self._data_dir if self._isolated else None,
        )
        child = Child(plan, talk=self._talk, changed=self._tell)
        self._children.append(child)
        return child

    async def _start_services(self, places: list[Place]) -> None:
        self._talk("starting " + ", ".join(place.name for place in places))
        (self._data_dir / "logs").mkdir(exist_ok=True)
        for place in places:
            await self._add_child(place).start()
        try:
            async with asyncio.TaskGroup() as waiting:
                for child in self._children:
                    waiting.create_task(child.wait_ready())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    def _base_environment(self) -> dict[str, str]:
        return {
            name: value
            for name, value in os.environ.items()
            if not (self._isolated and name.upper().startswith("TICKETWIRE_"))
        }

    def _services(self) -> list[RunningService]:
        return [
            RunningService(name=child.plan.name, pid=child.pid, url=child.plan.url, log=str(child.plan.log))
            for child in self._children
        ]

    def _tell(self) -> None:
        if self._running is not None:
            self._on_change(self._running.model_copy(update={"services": self._services()}))
