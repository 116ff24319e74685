"""Ports of this machine for the services of `up` and `demo`."""

from runtime.errors import ConfigurationError
from runtime.local_ports import RANGE, LocalPorts, is_free


class Ports:
    """Gives out ports, none twice, until `release`."""

    def __init__(self) -> None:
        self._local = LocalPorts()

    def free(self, host: str) -> int:
        """A free port; raises ConfigurationError when there is none."""
        port = self._local.free(host)
        if port is None:
            raise ConfigurationError(f"no port between {RANGE.start} and {RANGE.stop} is free", hint="stop something")
        return port

    def configured(self, service: str, host: str, port: int, *, or_free: bool = False) -> int:
        """The configured port, a free one for 0; raises ConfigurationError when it is taken, unless any will do."""
        if port == 0 or (or_free and not self._local.take(host, port)):
            return self.free(host)
        if not is_free(host, port):
            raise ConfigurationError(
                f"port {port} of {host} is taken, and {service} is to listen there",
                hint=f"stop what listens there, or set TICKETWIRE_{service.upper()}__PORT to another (0: a free one)",
            )
        self._local.hold(host, port)  # or not: whoever asks for this very port gets it
        return port

    def release(self) -> None:
        """Let others have them again. Safe to repeat."""
        self._local.release()
