"""Which addresses may be called: public ones, and those that the settings allow by network.

An endpoint's URL is a stranger's word; it must not reach into our own network. A name is resolved here, each address
is judged, and the HTTP client is bound to one that passed: what was judged is what is connected to.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LookUp = Callable[[str], Sequence[str]]

FRESH_SECONDS = 30.0
"""How long an answer is used; the system's resolver does not tell its time to live."""

_NAT64 = IPv6Network("64:ff9b::/96")
_PUBLIC_IPV6 = IPv6Network("2000::/3")
# Written out after IANA's special-purpose registries: `is_global` changes its mind between versions of Python. Where
# a tunnel (6to4, Teredo, 192.88.99.0) leads to cannot be known from here.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


class NameUnresolved(Exception):
    """The name has no address."""


class AddressNotAllowed(Exception):
    """No address of the host may be called."""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """`networks` may be called though they are not public."""

    networks: tuple[Network, ...]

    def allows(self, address: Address) -> bool:
        embedded = _embedded(address)
        if embedded is not None:
            return self.allows(embedded)
        if any(address in network for network in self.networks):
            return True
        if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
            return False
        return not any(address in network for network in _SPECIAL)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that is really called by a mapped or NAT64 one."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def parse_networks(networks: Sequence[object]) -> tuple[Network, ...]:
    """The networks of the settings."""
    return tuple(ip_network(str(network)) for network in networks)


def look_up(host: str) -> Sequence[str]:
    """The system's resolver; blocks. Raises OSError."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Resolver:
    """Resolves and judges. Each name is looked up once at a time, so a dead resolver ties up one thread a name."""

    def __init__(self, rules: AddressRules, *, look_up: LookUp = look_up, threads: int = 32) -> None:
        self._rules = rules
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="look-up")
        self._known: dict[str, tuple[float, list[str]]] = {}
        self._asking: dict[str, asyncio.Future[list[Address]]] = {}

    def known(self, host: str) -> list[str] | None:
        """Addresses that may be called, if they were found a short while ago."""
        until, known = self._known.get(host, (0.0, []))
        return known if time.monotonic() < until else None

    async def addresses(self, host: str) -> list[str]:
        """Addresses that may be called, best first. Raises NameUnresolved, AddressNotAllowed."""
        literal = _literal(host)
        found = [literal] if literal is not None else await self._resolve(host)
        allowed = [str(address) for address in found if self._rules.allows(address)]
        if not allowed:
            raise AddressNotAllowed(f"{host} leads to {', '.join(map(str, found))}, which may not be called")
        self._known[host] = (time.monotonic() + FRESH_SECONDS, allowed)
        return allowed

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _resolve(self, host: str) -> list[Address]:
        asking = self._asking.get(host)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(host))
            self._asking[host] = asking
            asking.add_done_callback(lambda _: self._asking.pop(host, None))
        return await asyncio.shield(asking)

    async def _ask(self, host: str) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            texts = await loop.run_in_executor(self._threads, self._look_up, host)
        except (OSError, UnicodeError) as error:
            raise NameUnresolved(f"{host}: {getattr(error, 'strerror', None) or error}") from error
        return list(dict.fromkeys(ip_address(text.partition("%")[0]) for text in texts))


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
