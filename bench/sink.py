"""The receiver: answers 200 at once and counts the ids that came."""

from collections import Counter

from runtime.http_server import HttpServer, Receive, Scope, Send


class Sink:
    """Listens on a free port of this machine while used as a context."""

    def __init__(self) -> None:
        self.ids: Counter[bytes] = Counter()
        self._server = HttpServer(self._answer, host="127.0.0.1", port=0)

    @property
    def url(self) -> str:
        return self._server.url

    async def __aenter__(self) -> "Sink":
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(5.0)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            continue
        self.ids[dict(scope["headers"]).get(b"webhook-id", b"")] += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
