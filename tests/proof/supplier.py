"""A supplier that sends a stream and keeps a ledger of how each webhook was answered."""

import asyncio
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from tests.proof.stream import Item

ANSWER_PATIENCE = timedelta(seconds=10)
_CONNECTIONS = 64
_PAUSE_SECONDS = 0.1


class Answer(StrEnum):
    """How one webhook was answered, for what it promises."""

    ACCEPTED = "accepted"
    """2xx: its effects must be there"""
    REFUSED = "refused"
    """4xx, or nobody to connect to: it must have no effect"""
    UNKNOWN = "unknown"
    """5xx, a timeout, a connection that died: stored or not, but not half of it"""


@dataclass(slots=True)
class Tally:
    """How often the same thing was sent, by answer."""

    accepted: int = 0
    refused: int = 0
    unknown: int = 0

    @property
    def at_most(self) -> int:
        """How many arrivals of it there can be; at least there must be `accepted`."""
        return self.accepted + self.unknown


@dataclass(slots=True)
class Ledger:
    """All that was sent: events by their identity, poison by the SHA-256 of its body."""

    events: dict[UUID, Tally] = field(default_factory=dict)
    poison: dict[bytes, Tally] = field(default_factory=dict)

    def note(self, item: Item, answer: Answer) -> None:
        """One more webhook was sent, and answered like this."""
        if item.event is None:
            tally = self.poison.setdefault(hashlib.sha256(item.body).digest(), Tally())
        else:
            tally = self.events.setdefault(item.event, Tally())
        setattr(tally, answer, getattr(tally, answer) + 1)

    def total(self, answer: Answer) -> int:
        """Webhooks that were answered like this."""
        return sum(getattr(tally, answer) for kind in (self.events, self.poison) for tally in kind.values())


class Supplier:
    """Sends to one source's address: `async with Supplier(url, seed=…) as supplier: await supplier.send_all(…)`.

    A webhook that was not accepted is sent again, as suppliers do, until it is, in `persistence` of all cases (0 to 1,
    drawn from the seed); in the others it is left at that.
    """

    def __init__(self, url: str, *, seed: int, persistence: float = 0.7, ledger: Ledger | None = None) -> None:
        self.ledger = ledger if ledger is not None else Ledger()
        self._url = url
        self._draw = random.Random(seed)
        self._persistence = persistence
        self._builder = ClientBuilder().no_proxy().timeout(ANSWER_PATIENCE).max_connections(_CONNECTIONS)
        self._client: Client | None = None
        self._giving_over = asyncio.Event()

    async def __aenter__(self) -> "Supplier":
        self._client = self._builder.build()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()

    def give_over(self) -> None:
        """Send nothing anew and repeat nothing from now on; `send_all` returns when all are answered."""
        self._giving_over.set()

    @property
    def gave_over(self) -> bool:
        return self._giving_over.is_set()

    async def send_all(self, items: Iterable[Item], *, per_second: float) -> None:
        """Send these at this pace, or slower when answers are slow; returns when the last is answered."""
        flying: set[asyncio.Task[None]] = set()
        began, number = asyncio.get_running_loop().time(), 0
        for number, item in enumerate(items):
            await self._pause(began + number / per_second - asyncio.get_running_loop().time())
            while len(flying) >= _CONNECTIONS and not self._giving_over.is_set():
                await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
            if self._giving_over.is_set():
                break
            task = asyncio.create_task(self._insist(item, persistent=self._draw.random() < self._persistence))
            flying.add(task)
            task.add_done_callback(flying.discard)
        await asyncio.gather(*flying)

    async def send(self, item: Item) -> Answer:
        """Send one once, and note how it was answered."""
        answer = await self._post(item.body)
        self.ledger.note(item, answer)
        return answer

    async def _insist(self, item: Item, *, persistent: bool) -> None:
        while await self.send(item) != Answer.ACCEPTED and persistent and not self._giving_over.is_set():
            await self._pause(_PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            try:
                await asyncio.wait_for(self._giving_over.wait(), seconds)
            except TimeoutError:
                return

    async def _post(self, body: bytes) -> Answer:
        assert self._client is not None, "use it as a context manager"
        request = self._client.post(self._url).header("content-type", "application/json").body_bytes(body)
        try:
            response = await request.build().send()
        except PyreqwestError as error:
            return Answer.REFUSED if _never_sent(error) else Answer.UNKNOWN
        if 200 <= response.status < 300:
            return Answer.ACCEPTED
        return Answer.REFUSED if 400 <= response.status < 500 else Answer.UNKNOWN


def _never_sent(error: PyreqwestError) -> bool:
    """The library calls everything up to the answer's head a matter of connecting; its list of causes says which."""
    causes = (getattr(error, "details", None) or {}).get("causes") or []
    return any(cause["message"] == "client error (Connect)" for cause in causes)
