"""Ports of this machine for the services of `up` and `demo`."""

import random
import socket

from runtime.errors import ConfigurationError

# Below the range from which systems take outgoing ports: while a service restarts, nobody is given its port.
_RANGE = range(20000, 32000)


def is_free(host: str, port: int) -> bool:
    """Whether a service could listen there now."""
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True


class Ports:
    """Gives out ports, none twice."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def free(self, host: str) -> int:
        """A free port; raises ConfigurationError when there is none."""
        for port in random.sample(_RANGE, len(_RANGE)):
            if port not in self._given and is_free(host, port):
                self._given.add(port)
                return port
        raise ConfigurationError(f"no port between {_RANGE.start} and {_RANGE.stop} is free", hint="stop something")

    def configured(self, service: str, host: str, port: int, *, or_free: bool = False) -> int:
        """The configured port, a free one for 0; raises ConfigurationError when it is taken, unless any will do."""
        if port == 0 or (or_free and not is_free(host, port)):
            return self.free(host)
        if not is_free(host, port):
            raise ConfigurationError(
                f"port {port} of {host} is taken, and {service} is to listen there",
                hint=f"stop what listens there, or set TICKETWIRE_{service.upper()}__PORT to another (0: a free one)",
            )
        self._given.add(port)
        return port
