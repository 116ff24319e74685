"""Ports of this machine, for what is started here; two processes that choose at one moment choose different ones."""

import os
import random
import socket

# Below the range from which systems take outgoing ports: while a server is away, nobody is given its port.
RANGE = range(20000, 32000)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True


class LocalPorts:
    """Ports that nobody else who chooses in this way is given, until `release` or the end of this process: also when
    this object is gone.

    Seconds pass between choosing a port and listening there, and a server may be restarted: its TCP socket cannot tell
    that the port is taken. So the UDP socket of the same number is held, which no server of ours uses.
    """

    def __init__(self) -> None:
        self._held: dict[int, int] = {}  # the UDP socket's descriptor, by port

    def free(self, host: str) -> int | None:
        """A port where a server could listen, given to nobody else; None when there is none."""
        candidates = (port for port in random.sample(RANGE, len(RANGE)) if port not in self._held)
        return next((port for port in candidates if self.take(host, port)), None)

    def take(self, host: str, port: int) -> bool:
        """Whether the port is ours now: free, and not another's."""
        return is_free(host, port) and self.hold(host, port)

    def hold(self, host: str, port: int) -> bool:
        """Keep others from choosing it, whether or not a server listens there; False when another holds it."""
        if port in self._held:
            return True
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as held:
            try:
                held.bind(place)
            except OSError:
                return False
            self._held[port] = held.detach()
        return True

    def release(self) -> None:
        """Let others have them again. Safe to repeat."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held = {}
