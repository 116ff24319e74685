"""The parts of one publisher put together; `main.py` gives it a process."""

import asyncio
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from dialects.contract import Outbound
from publishers.addresses import AddressRules, Resolver, parse_networks
from publishers.completer import Completer
from publishers.dispatch import Dispatcher
from publishers.endpoints import Endpoints
from publishers.give_up import VoidRejection
from publishers.http_client import Http1Client, HttpClient
from publishers.listener import Listener
from publishers.rescue import Rescue
from publishers.schedule import Policies
from runtime.logs import get_logger
from runtime.loops import Loop
from runtime.metrics import callbacks_due, oldest_due_seconds
from runtime.secret_box import SecretBox
from runtime.settings import PublisherSettings, Settings
from schemas.wire_forms import WireForm
from store.callbacks import backlog

log = get_logger()

_FIGURES_SECONDS = 5.0
_RECORDING_PATIENCE_SECONDS = 5.0


def http_client(settings: PublisherSettings) -> HttpClient:
    """The client of these settings: which addresses it may call, and how much it reads."""
    rules = AddressRules(parse_networks(settings.allowed_private_networks))
    return Http1Client(Resolver(rules), max_answer_bytes=settings.max_answer_bytes)


class Publisher:
    """Starts though Postgres is away, and goes on when it is back."""

    def __init__(
        self, pool: asyncpg.Pool, settings: Settings, *, dialects: Mapping[str, Outbound], client: HttpClient
    ) -> None:
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._pool = pool
        self._client = client
        self._grace_seconds = settings.publisher.stop_grace_seconds
        policies = Policies(settings.policies)
        forms = {name: WireForm(dialect.event_types, dialect.only_named) for name, dialect in dialects.items()}
        rejection = VoidRejection(forms)
        self.completer = Completer(pool, rejection=rejection, recorded=self._wake)
        claiming = asyncio.Lock()
        self.dispatcher = Dispatcher(
            pool,
            settings=settings.publisher,
            endpoints=Endpoints(dialects, box=SecretBox(settings.encryption_keys), policies=policies),
            client=client,
            completer=self.completer,
            worker=self.worker,
            claiming=claiming,
        )
        self.rescue = Rescue(
            pool,
            worker=self.worker,
            policies=policies,
            rejection=rejection,
            held=self._held,
            claiming=claiming,
            rescued=self._wake,
            grace_seconds=settings.publisher.lease_margin_seconds,
        )
        self.listener = Listener(settings.postgres, heard=self._wake)
        self.figures = Loop("figures", self._measure)

    def start(self) -> None:
        for loop in self._loops():
            loop.start()

    async def stop(self) -> None:
        """Use up no attempt: calls in flight get the grace, the rest is released, what ended is recorded."""
        await self.listener.stop()
        await self.rescue.loop.stop()
        await self.figures.stop()
        await self.dispatcher.stop(self._grace_seconds)
        unrecorded = await self.completer.drain(_RECORDING_PATIENCE_SECONDS)
        if unrecorded:
            log.error("publisher.unrecorded", results=unrecorded, consequence="their leases run out, then they repeat")
        await self._client.close()

    def failing(self) -> str | None:
        """What keeps callbacks from going out, for the health check."""
        loops = [self.dispatcher.loop, self.completer.loop]
        names = [loop.name for loop in loops if loop.failures]
        return f"failing: {', '.join(names)}; see the log" if names else None

    def _loops(self) -> Sequence[Loop]:
        return (self.completer.loop, self.dispatcher.loop, self.rescue.loop, self.listener.loop, self.figures)

    def _wake(self, within_seconds: float = 0.0) -> None:
        self.dispatcher.loop.wake(within_seconds)

    def _held(self) -> list[UUID]:
        calls = [leased.claimed.callback_id for leased in self.dispatcher.calls.values()]
        return calls + self.completer.held

    async def _measure(self) -> float:
        async with self._pool.acquire() as connection:
            found = await backlog(connection)
        callbacks_due.set(found.due)
        oldest_due_seconds.set(found.oldest_seconds)
        return _FIGURES_SECONDS
