"""Endpoints and callbacks for publishers to work on, written as processors would, and what came of them."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from pydantic import SecretStr

from dialects.contract import Outbound
from dialects.registry import OUTBOUND
from publishers.http_client import HttpClient
from publishers.publisher import Publisher, http_client
from runtime.secret_box import SecretBox, new_key
from runtime.settings import PolicySettings, PostgresSettings, PublisherSettings, Settings
from schemas import identity
from schemas.events import OrderTicketed, OrderVoid, Passenger
from schemas.outcomes import Change
from schemas.wire_forms import WireForm
from store.endpoints import Endpoint, insert_endpoint
from store.events import EventRow, upsert_events
from store.journal import JournalEntry, insert_journal
from store.orders import OrderName, lock_orders, set_versions
from store.owing import owe_callbacks
from store.pool import open_pool
from tests.leases import SHOWN_STATE
from tests.waiting import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SOURCE = "atlas"
WIRE_FORMS = {name: WireForm(party.event_types, party.only_named) for name, party in OUTBOUND.items()}
KEY = new_key()
QUICK = PolicySettings(kind="fixed", wait_seconds=0.1, retries=10)


def settings_for(dsn: str, *, policies: dict[str, PolicySettings] | None = None, **publisher: Any) -> Settings:
    """Settings of a publisher on this database: patience is short, so that tests are quick."""
    section: dict[str, Any] = {"lease_margin_seconds": 1.0, "poll_seconds": 0.1, "stop_grace_seconds": 5.0}
    return Settings(
        postgres=PostgresSettings(dsn=SecretStr(dsn)),
        encryption_keys=(SecretStr(KEY),),
        policies={"quick": QUICK, **(policies or {})},
        publisher=PublisherSettings(**(section | publisher)),
        log_format="json",
    )


@dataclass(slots=True)
class World:
    """One database. `owe` writes events, changes and callbacks as a processor does."""

    dsn: str
    pool: asyncpg.Pool
    deadlocks: int = 0
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def endpoint(self, url: str, *, name: str = "", dialect: str = "standard", **chosen: Any) -> UUID:
        """Make an endpoint; `credentials` and `headers` are sealed."""
        endpoint_id = uuid4()
        sealed = SecretBox([SecretStr(KEY)]).seal(
            {
                "credentials": chosen.pop("credentials", {"secrets": [SECRET]}),
                "headers": chosen.pop("headers", {}),
            }
        )
        columns: dict[str, Any] = {
            "event_types": ("order.ticketed", "order.void"),
            "policy": "quick",
            "rate_limit": None,
            "max_in_flight": 16,
            "timeout_seconds": 5.0,
            "on_give_up": "keep",
            "filter": {},
        }
        row = Endpoint(
            endpoint_id=endpoint_id,
            name=name or f"endpoint-{endpoint_id.hex[:6]}",
            url=url,
            dialect=dialect,
            secrets=sealed,
            **(columns | chosen),
        )
        async with self.pool.acquire() as connection:
            await insert_endpoint(connection, row)
        return endpoint_id

    async def owe(self, *, orders: int = 1, events: int = 1) -> list[str]:
        """Owe callbacks for this many events of each of so many new orders; returns the order numbers."""
        names = [f"ORDER-{next(self.numbers):06d}" for _ in range(orders)]
        await self.owe_more(names, events=events)
        return names

    async def owe_more(self, order_nos: list[str], *, events: int = 1, status: int = 1) -> None:
        """Further void statuses of these orders, in one transaction."""
        said = [(name, _void(name, status)) for name in order_nos for _ in range(events)]
        await self.say(said)

    async def owe_in_place(self, order_nos: list[str]) -> None:
        """As processors: what Postgres broke off to end a deadlock is done again."""
        while True:
            try:
                return await self.owe_more(order_nos)
            except asyncpg.DeadlockDetectedError:
                self.deadlocks += 1

    async def say(self, said: Sequence[tuple[str, OrderVoid | OrderTicketed]]) -> None:
        """Write these events and owe their callbacks, in one transaction."""
        ids = {identity.order_id(SOURCE, name): OrderName(SOURCE, name) for name, _ in said}
        async with self.pool.acquire() as connection, connection.transaction():
            locked = await lock_orders(connection, ids, {})
            versions = {order_id: order.version for order_id, order in locked.items()}
            rows, entries = [], []
            for name, content in said:
                order_id = identity.order_id(SOURCE, name)
                versions[order_id] += 1
                event = identity.event_id(SOURCE, content.type, name, next(self.numbers).to_bytes(8, "big"))
                rows.append(_event_row(event, order_id, content))
                change = Change({"said": None}, {"said": content.type})
                entries.append(JournalEntry(order_id, versions[order_id], event, SOURCE, content.type, change))
            await upsert_events(connection, rows)
            await set_versions(connection, versions.items())
            await insert_journal(connection, entries)
            await owe_callbacks(connection, entries, WIRE_FORMS)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.pool.fetch(query, *arguments)
        return rows

    async def value(self, query: str, *arguments: object) -> Any:
        return await self.pool.fetchval(query, *arguments)

    async def states(self) -> dict[str, int]:
        """How many callbacks are in each state."""
        rows = await self.fetch(f"SELECT {SHOWN_STATE} AS state, count(*) AS n FROM callbacks GROUP BY 1")
        return {row["state"]: row["n"] for row in rows}

    async def attempts(self) -> list[asyncpg.Record]:
        return await self.fetch("SELECT * FROM attempts ORDER BY started_at, number")

    async def wait_states(self, seconds: float = 20.0, **wanted: int) -> None:
        """Wait until the callbacks are in these states, all of them."""

        async def reached() -> bool:
            return await self.states() == wanted

        try:
            await until(reached, seconds=seconds)
        except AssertionError:
            raise AssertionError(f"after {seconds} s: wanted {wanted}, have {await self.states()}") from None


@asynccontextmanager
async def world_on(dsn: str) -> AsyncIterator[World]:
    pool = await open_pool(PostgresSettings(dsn=SecretStr(dsn)), name="test")
    try:
        yield World(dsn, pool)
    finally:
        await pool.close()


@asynccontextmanager
async def publishing(
    settings: Settings, *, client: HttpClient | None = None, dialects: dict[str, Outbound] | None = None
) -> AsyncIterator[Publisher]:
    """A publisher in this process, stopped gracefully at the end."""
    pool = await open_pool(settings.postgres, name="publisher under test")
    publisher = Publisher(
        pool, settings, dialects=dialects or OUTBOUND, client=client or http_client(settings.publisher)
    )
    publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()
        await pool.close()


def ticketed(order_no: str) -> OrderTicketed:
    passenger = Passenger(
        name="ZHANG/SAN", kind="adult", birthday="19910101", document_number="E12345678", ticket_numbers=("S30814",)
    )
    return OrderTicketed(order_no=order_no, customer="TAC00001", order_status=2, passengers=(passenger,))


def _void(order_no: str, status: int) -> OrderVoid:
    return OrderVoid(order_no=order_no, customer="TAC00001", void_code="202505-0012", void_status=status)


def _event_row(event: UUID, order_id: UUID, content: OrderVoid | OrderTicketed) -> EventRow:
    now = datetime.now(UTC)
    dumped = content.model_dump(mode="json")
    return EventRow(event, order_id, str(content.type), now, dumped, "atlas", "supplier", None)
