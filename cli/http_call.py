"""One HTTP call of a command, by the standard library.

The publisher's client is not used here: its own threads may still be at work when a short-lived command ends, which
then aborts the interpreter (measured: a third of the processes that end right after an answer).
"""

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import urlsplit

from runtime.errors import ConfigurationError, ServiceUnavailable


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float,
) -> tuple[int, bytes]:
    """Status and body of the answer, whatever the status; redirects are not followed. Blocks.

    Raises ServiceUnavailable when nobody answers in time, ConfigurationError when the address is none.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigurationError(f"{url[:80]!r} is no http address", hint="for example: http://127.0.0.1:8081")
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310 - checked
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if _is_this_machine(url):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout_seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read()
    except urllib.error.URLError as error:
        _nobody(url, error.reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        _nobody(url, error)


def _nobody(url: str, reason: object) -> NoReturn:
    host = urlsplit(url)
    raise ServiceUnavailable(
        f"nobody answers at {host.scheme}://{host.netloc.rpartition('@')[2]} ({type(reason).__name__})",
        hint="start it with: ticketwire up; or say where it is with --url",
    ) from None


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
