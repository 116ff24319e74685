"""A party's own side on a port of its own: hears each call by the party's contract, and answers, or misbehaves.

What the party accepted is held here; the party's functions themselves remember nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cli.partner_manners import Manner, Ordered, in_turn
from cli.rude_server import Reaction, Received, RudeServer
from dialects.contract import Heard, InboundRequest, Partner, Reply


@dataclass(frozen=True, slots=True)
class Visit:
    """One call as the party saw it. `accepted`: the party has done what it says; `manner`: how it misbehaved."""

    party: str
    order: str
    accepted: bool
    verdict: str
    remarks: tuple[str, ...]
    request: InboundRequest = field(repr=False)
    reply: Reply = field(repr=False)
    manner: str = ""

    def brief(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("party", "order", "accepted", "verdict", "remarks", "manner")}


class PartnerServer:
    """`async with PartnerServer(partner, secret=…) as server:` listens; `server.visits` is what came.

    `told` is called with every visit, before the answer goes.
    """

    def __init__(
        self,
        partner: Partner,
        *,
        secret: str,
        credentials: Mapping[str, Any] | None = None,
        misbehave: Iterable[Ordered] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        told: Callable[[Visit], None] = lambda _: None,
    ) -> None:
        self.partner = partner
        self.credentials = dict(credentials) if credentials is not None else dict(partner.credentials(secret))
        self.visits: list[Visit] = []
        self._held: dict[str, str] = {}
        self._manners = in_turn(order for order in misbehave if order.party in {"", partner.name})
        self._server = RudeServer(self._react, host=host, port=port)
        self._told = told
        self._news = asyncio.Condition()
        self._telling: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "PartnerServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; raises ConfigurationError when the address cannot be had."""
        await self._server.start()

    async def stop(self) -> None:
        """Cut every connection. Safe to repeat."""
        await self._server.stop()

    @property
    def url(self) -> str:
        """Where the contract is called."""
        return self._server.url + self.partner.path

    async def wait_for(self, done: Callable[[list[Visit]], bool], *, seconds: float) -> bool:
        """Wait until the visits are as wanted; whether they are."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: done(self.visits))
        except TimeoutError:
            return done(self.visits)
        return True

    def _react(self, received: Received) -> Reaction:
        path, query = urlsplit(received.path)[2:4]
        request = InboundRequest(received.method, path, query, received.headers, received.body, datetime.now(UTC))
        if path != self.partner.path:
            self._note(_lost(self.partner, request))
            return Reaction(404, b"")
        heard = self.partner.hear(request, credentials=self.credentials, held=dict(self._held))
        manner = next(self._manners)
        if manner is None or manner.done:
            self._held |= heard.remember
        visit = _visit(self.partner, request, heard, manner)
        self._note(visit)
        reaction = _reaction(visit.reply)
        return reaction if manner is None else manner.spoil(reaction)

    def _note(self, visit: Visit) -> None:
        self.visits.append(visit)
        self._told(visit)
        telling = asyncio.ensure_future(self._tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def _visit(partner: Partner, request: InboundRequest, heard: Heard, manner: Manner | None) -> Visit:
    reply = partner.refuse(request) if manner is not None and manner.refuses else heard.reply
    return Visit(
        party=partner.name,
        order=heard.order,
        accepted=heard.accepted and (manner is None or manner.done),
        verdict=heard.verdict,
        remarks=heard.remarks,
        request=request,
        reply=reply,
        manner="" if manner is None else manner.what,
    )


def _lost(partner: Partner, request: InboundRequest) -> Visit:
    """A call that does not even find the contract; it uses up no manner."""
    verdict = f"refused: the path is {request.path[:80]}, not {partner.path}"
    return Visit(partner.name, "", False, verdict, (), request, Reply(404, b""))


def _reaction(reply: Reply) -> Reaction:
    return Reaction(reply.status, reply.body, (("content-type", reply.content_type), *reply.headers.items()))
