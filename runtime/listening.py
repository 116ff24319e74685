"""What our HTTP servers share: how a port is had, and how much one client may ask of a server (decision 0032)."""

import resource
import socket
from contextlib import suppress

from runtime.errors import ConfigurationError

HEADER_TIMEOUT_SECONDS = 10
"""A client that has not sent its whole request head by then is cut off: idle connections must cost nothing."""

HEAD_LIMIT_BYTES = 64 * 1024
"""A longer request head is answered 431."""

UNREAD_SECONDS = 10
"""A client that reads nothing of an answer for so long is cut off: it would hold its connection for ever."""

MAX_CONNECTIONS = 4096
"""Further clients wait to be let in. Slow ones leave within their timeouts; many at once cost 20 KB of memory each."""

FILES_BESIDE_CONNECTIONS = 128
"""Open files left for Kafka, Postgres and logs: a server that may open no more accepts nobody, and burns a core."""

BACKLOG = 1024


def bind_alone(host: str, port: int) -> socket.socket:
    """A socket bound to this address (port 0: a free one) and to nobody else's; raises ConfigurationError."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(place)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            hint="another process may hold the port; choose another in the settings (0: a free one)",
        ) from error
    return bound


def connection_limit() -> int:
    """How many clients are served at once, within the files that this process may open at the most."""
    now, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now != files:
        with suppress(ValueError, OSError):  # some systems bound it otherwise too
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, files - FILES_BESIDE_CONNECTIONS))


def cut_who_reads_nothing(listening: socket.socket) -> None:
    """The kernel has the patience, and connections inherit it (Linux, tcp(7))."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)


def url_of(host: str, port: int) -> str:
    """Where a client on this machine reaches who listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared with
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
