"""One HTTP call to a partner, with a total deadline.

pyreqwest was measured at four to five times the rate of aiohttp's client (DESIGN §8). Redirects, cookies, proxies from
the environment and decompression are off: each would let an answer, or this machine, decide where we call or how
much we read.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.http import HeaderMap, Url
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from dialects.contract import Answer, Call
from publishers.addresses import AddressNotAllowed, NameUnresolved, Resolver
from publishers.transport_faults import Fault, fault_of

CONNECT_PATIENCE = timedelta(seconds=5)
IDLE_PATIENCE = timedelta(seconds=4)
"""Shorter than the usual servers' (5 s and more): a connection that the other side closes under us costs an attempt."""

USER_AGENT = "Ticketwire"
_CLIENTS_AT_MOST = 512
_LAST_MOMENT = 0.001


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer came. `cut` says why its body is not whole: "", too-large, timeout or body-cut."""

    answer: Answer
    cut: str = ""


class HttpClient(Protocol):
    """What the publisher needs of an HTTP client."""

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered | Fault:
        """Make the call; never raises but when cancelled. Nothing is repeated once something may have been sent."""

    async def close(self) -> None:
        """Cut what is under way."""


class ReqwestClient:
    """HttpClient on pyreqwest. Each name's address is pinned in a client of its own, so that it cannot change."""

    def __init__(self, resolver: Resolver, *, max_answer_bytes: int) -> None:
        self._resolver = resolver
        self._max_answer_bytes = max_answer_bytes
        self._clients: dict[tuple[str, str], Client] = {}

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered | Fault:
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        try:
            url = Url(call.url)
        except ValueError:
            return Fault("before", "url-invalid", "the endpoint's address is no URL")
        host = url.host_str
        if url.scheme not in {"http", "https"} or not host:
            return Fault("before", "url-invalid", "the endpoint's address is no http or https URL")
        addresses = self._resolver.known(host) or await self._addresses(host, deadline)
        if isinstance(addresses, Fault):
            return addresses
        return await self._send_to(addresses, call, url=url, deadline=deadline)

    async def close(self) -> None:
        self._resolver.close()
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    async def _addresses(self, host: str, deadline: float) -> list[str] | Fault:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._resolver.addresses(host)
        except TimeoutError:
            return Fault("before", "dns", f"{host}: no answer in time")
        except NameUnresolved as error:
            return Fault("before", "dns", str(error))
        except AddressNotAllowed as error:
            return Fault("before", "address-not-allowed", str(error))

    async def _send_to(self, addresses: list[str], call: Call, *, url: Url, deadline: float) -> Answered | Fault:
        """Try the addresses in turn, as long as nothing was sent."""
        result: Answered | Fault = Fault("before", "dns", "the name has no address")
        for address in addresses:
            left = max(deadline - asyncio.get_running_loop().time(), _LAST_MOMENT)
            try:
                request = _request(self._client(url.host_str or "", address), call, url=url, seconds=left)
            except (PyreqwestError, ValueError, TypeError) as error:
                return Fault("before", "request-invalid", f"the call cannot be written as HTTP: {type(error).__name__}")
            result = await self._exchange(request)
            if isinstance(result, Answered) or result.stage != "before":
                return result
        return result

    async def _exchange(self, request: StreamRequest) -> Answered | Fault:
        status, headers, body = 0, dict[str, str](), bytearray()
        try:
            async with request as response:
                status, headers = response.status, _headers(response.headers)
                whole = await self._read(response, body)
            return Answered(Answer(status, headers, bytes(body)), cut="" if whole else "too-large")
        except PyreqwestError as error:
            fault = fault_of(error)
            # What the partner said before its body broke off stands: a yes must not be sent again.
            return Answered(Answer(status, headers, bytes(body)), cut=fault.error) if status else fault

    async def _read(self, response: Response, body: bytearray) -> bool:
        """Read up to the limit into `body`; whether that was all."""
        while (chunk := await response.body_reader.read_chunk()) is not None:
            body += memoryview(chunk)[: self._max_answer_bytes + 1 - len(body)]
            if len(body) > self._max_answer_bytes:
                del body[self._max_answer_bytes :]
                return False
        return True

    def _client(self, host: str, address: str) -> Client:
        client = self._clients.get((host, address))
        if client is None:
            if len(self._clients) >= _CLIENTS_AT_MOST:
                del self._clients[next(iter(self._clients))]  # calls under way keep it alive until they end
            client = _build(host, address)
            self._clients[host, address] = client
        return client


def _build(host: str, address: str) -> Client:
    builder = (
        ClientBuilder()
        .no_proxy()
        .follow_redirects(False)
        .referer(False)
        .default_cookie_store(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_PATIENCE)
        .pool_idle_timeout(IDLE_PATIENCE)
    )
    return builder.resolve(host, address, 0).build()


def _request(client: Client, call: Call, *, url: Url, seconds: float) -> StreamRequest:
    builder = client.request(call.method, url).body_bytes(call.body).timeout(timedelta(seconds=seconds))
    # Without read-ahead: a body that breaks off must not take the answer's head, which may be a yes, with it.
    return builder.headers(dict(call.headers)).streamed_read_buffer_limit(0).build_streamed()


def _headers(headers: HeaderMap) -> dict[str, str]:
    """By lower-case name; a value that is not ASCII is left out, for the library cannot show it."""
    try:
        return {name.lower(): value for name, value in headers.items()}
    except ValueError:
        return {name.lower(): value for name in headers if (value := _value(headers, name)) is not None}


def _value(headers: HeaderMap, name: str) -> str | None:
    try:
        return headers[name]
    except ValueError:
        return None
