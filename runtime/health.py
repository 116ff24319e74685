"""Health of a service: is it alive, can it do its work now, and its figures.

`/livez` answers as long as the event loop turns: what a service has lost may come back without a restart, so nothing
else belongs there. `/readyz` asks every named check. `/metrics` is Prometheus' text format.
"""

import asyncio
import inspect
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from runtime.http_server import Receive, Scope, Send
from runtime.metrics import exposition

Check = Callable[[], str | Awaitable[str | None] | None]
"""Returns None when all is well, else what is wrong, in words for an operator: no secrets, no personal data."""

CHECK_PATIENCE_SECONDS = 1.0

PATHS = frozenset({"/livez", "/readyz", "/metrics"})


class Page(NamedTuple):
    """What is answered."""

    status: int
    body: bytes
    content_type: str = "application/json"

    @property
    def headers(self) -> list[tuple[str, str]]:
        """As they go out."""
        return [("content-type", self.content_type), ("cache-control", "no-store")]


class Health:
    """Named checks, and the ASGI app that answers for them."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._stopping = False

    def add(self, name: str, check: Check) -> None:
        """Ask `check` at every `/readyz`; it may be a coroutine function, and has one second."""
        self._checks[name] = check

    def stopping(self) -> None:
        """From now on `/readyz` is 503, so that no new work is sent here."""
        self._stopping = True

    async def reasons(self) -> dict[str, str]:
        """What is wrong now, by check; empty when ready."""
        found = await asyncio.gather(*(_ask(check) for check in self._checks.values()))
        reasons = {name: reason for name, reason in zip(self._checks, found, strict=True) if reason is not None}
        return reasons | ({"service": "is stopping"} if self._stopping else {})

    async def page(self, method: str, path: str) -> Page:
        """Answer GET /livez, /readyz, /metrics."""
        if path not in PATHS:
            return Page(404, b'{"error": {"code": "not-found", "message": "no such path"}}')
        if method not in {"GET", "HEAD"}:
            return Page(405, b'{"error": {"code": "method-not-allowed", "message": "use GET"}}')
        if path == "/livez":
            return Page(200, b'{"status": "alive"}')
        if path == "/metrics":
            return Page(200, exposition(), "text/plain; version=0.0.4; charset=utf-8")
        reasons = await self.reasons()
        state: dict[str, Any] = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ready"}
        state["pid"] = os.getpid()  # whoever started a service sees that no other one answers in its place
        return Page(503 if reasons else 200, json.dumps(state, ensure_ascii=False).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: the same."""
        del receive
        page = await self.page(scope["method"], scope["path"])
        headers = [(name.encode(), value.encode()) for name, value in page.headers]
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": page.body})


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_PATIENCE_SECONDS):
            found = check()
            return await found if inspect.isawaitable(found) else found
    except TimeoutError:
        return f"did not answer within {CHECK_PATIENCE_SECONDS:g} s"
    except Exception as error:  # noqa: BLE001 - a broken check is a reason not to be ready, never a 500
        return f"the check itself failed: {type(error).__name__}"
