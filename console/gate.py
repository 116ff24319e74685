"""Who may call the API, decided before anything of the request is read: no route can forget it."""

import hmac
from collections.abc import MutableMapping
from typing import Any

from fastapi import HTTPException
from pydantic import SecretStr

from console.errors import error_body
from runtime.errors import ConfigurationError
from runtime.http_server import AsgiApp, Receive, Scope, Send

GUARDED = "/api/v1"
MAXIMUM_BODY_BYTES = 256 * 1024


class Gate:
    """Lets only those calls below /api/v1 through that carry the bearer token; bounds every body."""

    def __init__(self, app: AsgiApp, *, admin_token: SecretStr) -> None:
        """Raise ConfigurationError when there is no token: an empty one would let everybody in."""
        if not admin_token.get_secret_value():
            raise ConfigurationError(
                "admin_token is empty: anybody could use the console",
                hint="set TICKETWIRE_ADMIN_TOKEN; `ticketwire up` makes one by itself",
            )
        self._app = app
        self._token = admin_token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if (path == GUARDED or path.startswith(GUARDED + "/")) and not self._carries_token(scope):
            await _refuse(send)
        else:
            await self._app(scope, _bounded(receive), send)

    def _carries_token(self, scope: Scope) -> bool:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAXIMUM_BODY_BYTES:
            raise HTTPException(413, f"the body is larger than {MAXIMUM_BODY_BYTES} bytes")
        return message

    return counted


async def _refuse(send: Send) -> None:
    body = error_body(
        "unauthorized",
        "the bearer token is missing or wrong",
        hint="send the header: Authorization: Bearer <the admin token>",
    )
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
