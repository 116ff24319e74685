"""One HTTP call to a partner, with a total deadline.

Written on asyncio's connections and a parser that others keep (docs/decisions/0051): libraries took four to five times
the CPU. There are no redirects, cookies, proxies from the environment or decompression: each would let an answer, or
this machine, decide where we call or how much we read.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from dialects.contract import Call
from publishers.addresses import AddressNotAllowed, NameUnresolved, Resolver
from publishers.answer import Answered
from publishers.connection import Connection
from publishers.connection_pool import ConnectionPool
from publishers.transport_faults import Fault, connect_fault
from runtime.deadlines import Deadlines
from runtime.event_loop import READ_BYTES

CONNECT_SECONDS = 5.0
USER_AGENT = "Ticketwire"

_URL = re.compile(r"[\x21-\x7e]+")
_HEADER_LINES = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e]*\r\n)*")
_OURS = {"user-agent": USER_AGENT, "accept": "*/*"}


class HttpClient(Protocol):
    """What the publisher needs of an HTTP client."""

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered | Fault:
        """Make the call; never raises but when cancelled. Nothing is repeated once something may have been sent."""

    async def close(self) -> None:
        """Cut what is under way."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a URL leads. `authority` and `path` as they stand in it: a partner may have signed them."""

    is_secure: bool
    host: str
    port: int
    authority: str
    path: str


class Http1Client:
    """HttpClient over HTTP/1.1. The address that was judged is the one connected to."""

    def __init__(self, resolver: Resolver, *, max_answer_bytes: int) -> None:
        self._resolver = resolver
        self._max_answer_bytes = max_answer_bytes
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._deadlines: Deadlines[Connection] = Deadlines(Connection.expire)
        self._pool = ConnectionPool()

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered | Fault:
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        try:
            target = _target(call.url)
        except ValueError as error:
            return Fault("before", "url-invalid", str(error))
        try:
            request = _request(call, target)
        except ValueError as error:
            return Fault("before", "request-invalid", str(error))
        addresses = self._resolver.known(target.host) or await self._addresses(target.host, deadline)
        if isinstance(addresses, Fault):
            return addresses
        return await self._send_to(addresses, request, target=target, deadline=deadline)

    async def close(self) -> None:
        self._resolver.close()
        self._pool.close()
        for connection in self._deadlines.all():
            connection.cut()

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

    async def _send_to(
        self, addresses: list[str], request: bytes, *, target: _Target, deadline: float
    ) -> Answered | Fault:
        """Try the addresses in turn, as long as nothing was sent."""
        fault = Fault("before", "dns", "the name has no address")
        for address in addresses:
            place = (address, target.port, target.host if target.is_secure else "")
            connection = self._pool.take(place) or await self._connect(address, target, deadline)
            if isinstance(connection, Fault):
                fault = connection
                continue
            result = await connection.exchange(request, deadline=deadline)
            self._pool.put(place, connection)
            return result
        return fault

    async def _connect(self, address: str, target: _Target, deadline: float) -> Connection | Fault:
        loop = asyncio.get_running_loop()
        trust, name = (self._trust, target.host) if target.is_secure else (None, None)
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + CONNECT_SECONDS)):
                _, connection = await loop.create_connection(
                    self._connection, address, target.port, ssl=trust, server_hostname=name
                )
        except OSError as error:
            return connect_fault(error)
        return connection

    def _connection(self) -> Connection:
        return Connection(buffer=self._buffer, deadlines=self._deadlines, max_answer_bytes=self._max_answer_bytes)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom this machine trusts; SSL_CERT_FILE and SSL_CERT_DIR count, as everywhere in OpenSSL."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


@lru_cache(maxsize=1024)
def _target(url: str) -> _Target:
    """Raises ValueError."""
    if not _URL.fullmatch(url):
        raise ValueError("the endpoint's address holds what no URL may: spaces, or characters beyond ASCII")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the endpoint's address is no http or https URL")
    is_secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authority = parts.netloc.rpartition("@")[2]
    return _Target(is_secure, parts.hostname, parts.port or (443 if is_secure else 80), authority, path)


def _request(call: Call, target: _Target) -> bytes:
    """The request as it is sent (RFC 9112). Raises ValueError."""
    lines = _lines({"host": target.authority, **_OURS, **call.headers, "content-length": str(len(call.body))})
    return f"{call.method} {target.path} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + call.body


def _lines(headers: Mapping[str, str]) -> str:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or not _HEADER_LINES.fullmatch(lines):
        raise ValueError("a header is not one line of ASCII")
    return lines
