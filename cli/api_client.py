"""The console's API, called for a command."""

import getpass
import os
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
import typer

from cli import http_call
from cli.running import read_running
from runtime.errors import ConfigurationError, ServiceUnavailable, TicketwireError
from runtime.settings import Settings, load_settings

Url = Annotated[
    str | None,
    typer.Option("--url", help="The console's address. Default: that of the running `up`, else of the settings."),
]

TIMEOUT_SECONDS = 40.0
_OURS_TO_MEND = frozenset({401, 422})


class ApiRefused(TicketwireError):
    """The console said no; code, message and hint are its own."""

    def __init__(self, status: int, refusal: dict[str, str]) -> None:
        super().__init__(refusal.get("message", ""), hint=refusal.get("hint", ""))
        self.code = refusal.get("code", "error")
        self.exit_code = 2 if status in _OURS_TO_MEND else 1


class ApiClient:
    """Calls below /api/v1. Raises ApiRefused, and ServiceUnavailable when nobody answers."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._token = token

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self.call("POST", path, body=body, query=query)

    def call(self, method: str, path: str, *, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        """The answer's JSON. Parts of the query that are None are left out."""
        return _read(self.url, *self._ask(method, path, body=body, query=query))

    def download(self, path: str, **query: Any) -> bytes:
        """The answer as it is, of a call that answers with a file."""
        status, content = self._ask("GET", path, body=None, query=query)
        if status != 200:
            _read(self.url, status, content)
        return content

    def _ask(self, method: str, path: str, *, body: Any, query: dict[str, Any] | None) -> tuple[int, bytes]:
        asked = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Ticketwire-Actor": actor(),
        }
        return http_call.call(
            method,
            f"{self.url}/api/v1{path}" + (f"?{asked}" if asked else ""),
            headers=headers,
            body=None if body is None else orjson.dumps(body),
            timeout_seconds=TIMEOUT_SECONDS,
        )


def open_api(url: str | None) -> ApiClient:
    """The console that --url names, else the one of the `up` that runs here, else the one of the settings."""
    settings = load_settings()
    running = read_running(settings.data_dir)
    token = settings.admin_token.get_secret_value()
    if running is not None and url in {None, running.console}:
        return ApiClient(running.console, running.admin_token)
    if not token:
        raise ConfigurationError(
            "no admin token is known, and no `ticketwire up` runs here",
            hint="start it with: ticketwire up; or set TICKETWIRE_ADMIN_TOKEN to the console's token",
        )
    return ApiClient(url or console_url(settings), token)


def console_url(settings: Settings) -> str:
    """Where the settings say that the console is, seen from this machine."""
    return address(settings.console.host, settings.console.port)


def address(host: str, port: int) -> str:
    """The URL of a server of this machine that listens on `host`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared with
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def actor() -> str:
    """Who asks, as the console notes it: this user's name on this machine, as UTF-8 in a header's Latin-1."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as containers have
        name = f"uid-{os.getuid()}"
    return name[:50].encode().decode("latin-1")


def segment(text: str) -> str:
    """A name as one segment of a path."""
    return quote(text, safe="")


def _read(url: str, status: int, content: bytes) -> Any:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    if 200 <= status < 300 and answer is not None:
        return answer
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        raise ApiRefused(status, answer["error"])
    raise ServiceUnavailable(
        f"what answers at {url} is no Ticketwire console (status {status})", hint="say where it is with --url"
    )
