"""The application: the API below /api/v1, its documentation, the landing page. Made by a call, never at import."""

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from console import (
    actions,
    callback_bulk,
    callbacks,
    endpoints,
    landing,
    order_contexts,
    orders,
    parked,
    parked_actions,
    replays,
    runs,
    shadows,
    status,
    timelines,
)
from console.api_docs import OPENAPI_URL, install_api_docs
from console.context import Console
from console.errors import install_error_answers
from console.gate import GUARDED, Gate
from runtime.health import PATHS, Health
from runtime.http_server import AsgiApp, Receive, Scope, Send
from runtime.version import CODE_VERSION


def build_app(console: Console, health: Health) -> AsgiApp:
    """The whole of what the console serves; raises ConfigurationError when there is no admin token."""
    api = FastAPI(
        title="Ticketwire",
        version=CODE_VERSION,
        description="Endpoints, orders, callbacks, parked events, replays. Refusals: `{error: {code, message, hint}}`.",
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirection is no answer in our form, and repeats the Host that a stranger wrote
    )
    api.state.console = console
    # The gate does the checking; this only tells the documentation page to send the token.
    token = Depends(HTTPBearer(auto_error=False, description="the admin token"))
    parts = (endpoints, order_contexts, timelines, orders, callbacks, callback_bulk, parked, parked_actions)
    for part in (*parts, actions, replays, shadows, runs, status):
        api.include_router(part.router, prefix=GUARDED, dependencies=[token])
    api.include_router(landing.router)
    install_api_docs(api)
    install_error_answers(api)
    gate = Gate(api, admin_token=console.settings.admin_token)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (health if scope["path"] in PATHS else gate)(scope, receive, send)

    return app
