"""The services as processes of their own, on given servers: started, killed, deployed anew; and their API."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from pyreqwest.client import Client, ClientBuilder

from cli.ports import Ports
from runtime.kafka_clients import ensure_topics
from runtime.secret_box import new_key
from runtime.settings import KafkaSettings
from schemas.topics import all_topics
from tests.waiting import until

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
ENDED = frozenset({"done", "failed", "cancelled"})
LEASE_SECONDS = 2
"""How soon the next replayer takes over a killed one's run."""

_WORDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ingest": ("INGEST", ("ingest",)),
    "processors": ("PROCESSORS", ("processor", "ticketed", "void")),
    "publisher": ("PUBLISHER", ("publisher",)),
    "replayer": ("REPLAYER", ("replayer",)),
    "console": ("CONSOLE", ("console",)),
}


class Machine:
    """`async with Machine(…)`; whatever it started ends with it."""

    def __init__(self, *, bootstrap: str, dsn: str, topic_prefix: str, logs: Path) -> None:
        self.bootstrap, self.dsn, self.topic_prefix = bootstrap, dsn, topic_prefix
        self._logs = logs
        self._token = new_key()
        ports = Ports()
        self._ports = {name: ports.free(HOST) for name in _WORDS}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._stack = AsyncExitStack()
        self._http: Client
        self.database: asyncpg.Pool

    async def __aenter__(self) -> "Machine":
        settings = KafkaSettings(bootstrap_servers=self.bootstrap, topic_prefix=self.topic_prefix)
        await ensure_topics(settings, all_topics(self.topic_prefix))
        self._http = await self._stack.enter_async_context(ClientBuilder().no_proxy().build())
        self.database = await asyncpg.create_pool(self.dsn, min_size=0, max_size=4)
        self._stack.push_async_callback(self.database.close)
        self._stack.push_async_callback(self.stop, *_WORDS)
        self._environment = self._settings()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def start(self, *names: str, broken: bool = False) -> None:
        """Start these and wait until they are ready; `broken`: as the broken release has them."""
        module = "tests.replay_proof.release" if broken else "cli"
        for name in names:
            section, words = _WORDS[name]
            with (self._logs / f"{name}.log").open("ab") as log:
                self._processes[name] = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", module, *words),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment | {f"TICKETWIRE_{section}__PORT": str(self._ports[name])},
                    cwd=self._logs,
                )
        for name in names:
            await until(partial(self._ready, name), seconds=90, what=f"{name} to be ready", every=0.1)

    async def stop(self, *names: str) -> None:
        """Stop these gracefully."""
        for name in names:
            process = self._processes.pop(name, None)
            if process is not None and process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()

    async def kill(self, name: str) -> None:
        """SIGKILL."""
        process = self._processes.pop(name)
        process.kill()
        await process.wait()

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self._ports[name]}"

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the console's API; fails on any answer but 2xx."""
        request = self._http.request(method, f"{self.url('console')}/api/v1{path}").bearer_auth(self._token)
        response = await (request if body is None else request.body_json(body)).build().send()
        content = bytes(await response.bytes())
        assert 200 <= response.status < 300, f"{method} {path}: {response.status} {content[:500]!r}"
        return orjson.loads(content)

    async def post(self, body: bytes) -> int:
        """A webhook, through ingest; the status of the answer."""
        request = self._http.post(f"{self.url('ingest')}/in/atlas").header("content-type", "application/json")
        response = await request.body_bytes(body).build().send()
        await response.bytes()
        return response.status

    async def ended(self, run_id: str, *, seconds: float = 900) -> dict[str, Any]:
        """The run, once it is done; fails when it ended otherwise."""

        async def over() -> dict[str, Any] | None:
            run: dict[str, Any] = await self.api("GET", f"/runs/{run_id}")
            return run if run["state"] in ENDED else None

        run: dict[str, Any] = await until(over, seconds=seconds, what=f"the end of run {run_id}", every=0.1)
        assert run["state"] == "done", f"run {run_id} ({run['kind']}) {run['state']}: {run['error']}"
        return run

    async def _ready(self, name: str) -> bool:
        assert self._processes[name].returncode is None, f"{name} ended; see {self._logs / name}.log"
        try:
            response = await self._http.get(f"{self.url(name)}/readyz").build().send()
        except Exception:  # noqa: BLE001 - whatever it is, it is not ready
            return False
        return response.status == 200

    def _settings(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.upper().startswith("TICKETWIRE_")}
        return plain | {
            "PYTHONPATH": str(ROOT),
            "TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "TICKETWIRE_KAFKA__TOPIC_PREFIX": self.topic_prefix,
            "TICKETWIRE_POSTGRES__DSN": self.dsn,
            "TICKETWIRE_ADMIN_TOKEN": self._token,
            "TICKETWIRE_ENCRYPTION_KEYS": orjson.dumps([new_key()]).decode(),
            "TICKETWIRE_REPLAYER__LEASE_SECONDS": str(LEASE_SECONDS),
        }
