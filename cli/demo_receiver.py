"""The demo's partner: takes callbacks, verifies their Standard Webhooks signature, and remembers them.

It verifies with the reference library, so that the demo does not agree with itself only.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from standardwebhooks import Webhook, WebhookVerificationError

from runtime.http_server import HttpServer, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Received:
    """One call. `verified`: the signature over exactly this body holds."""

    endpoint: str
    webhook_id: str
    body: bytes
    verified: bool
    why: str = ""


@dataclass(slots=True)
class DemoReceiver:
    """Listens on a free port of this machine; /hooks/<endpoint name> is one partner each."""

    secrets: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _server: HttpServer | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = HttpServer(self._answer, host="127.0.0.1", port=0)
        await self._server.start()

    async def stop(self) -> None:
        """Take no more calls. Safe to repeat."""
        if self._server is not None:
            await self._server.stop(1.0)
            self._server = None

    def url(self, endpoint: str) -> str:
        """Where this partner is called."""
        return f"{self._server.url if self._server else ''}/hooks/{endpoint}"

    async def wait_for(self, endpoint: str, webhook_id: str, *, seconds: float) -> Received | None:
        """The call with this id, verified or not; None when it has not come in time."""

        def found() -> Received | None:
            calls = [call for call in self.received if (call.endpoint, call.webhook_id) == (endpoint, webhook_id)]
            return calls[-1] if calls else None

        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: found() is not None)
        except TimeoutError:
            pass
        return found()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = scope["path"].removeprefix("/hooks/")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        call = self._judge(endpoint, headers, await _body(receive))
        async with self._news:
            self.received.append(call)
            self._news.notify_all()
        status = 204 if call.verified else 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _judge(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> Received:
        webhook_id = headers.get("webhook-id", "")
        secret = self.secrets.get(endpoint)
        if secret is None:
            return Received(endpoint, webhook_id, body, verified=False, why="nobody gave me a secret")
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            return Received(endpoint, webhook_id, body, verified=False, why=str(error))
        return Received(endpoint, webhook_id, body, verified=True)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
