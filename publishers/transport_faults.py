"""Every way in which a call fails before an answer came, by a stable name and the stage it failed at."""

import errno
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from store.attempts import Stage


@dataclass(frozen=True, slots=True)
class Fault:
    """The call failed before a whole answer head came."""

    stage: Stage
    error: str
    detail: str


FAULTS: Mapping[Stage, Mapping[str, str]] = {
    "before": {
        "url-invalid": "the endpoint's address is no http or https URL",
        "request-invalid": "the call cannot be written as HTTP",
        "dns": "the name has no address, or none came in time",
        "address-not-allowed": "the name leads into a network that may not be called",
        "refused": "nobody listens there",
        "unreachable": "no way leads there",
        "timeout-connect": "nobody answered within 5 s",
        "connect-reset": "the other side hung up while we connected",
        "tls": "no secure connection, or a certificate that nobody vouches for",
        "connect": "no connection, for another reason",
    },
    "during": {
        "timeout": "no answer in time",
        "reset": "the connection ended before the answer's head",
        "protocol": "what came is no answer in HTTP/1.1",
    },
}
"""What each code means, for docs/errors.md; a test holds all that can be raised to it."""

_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EHOSTDOWN})
_DETAIL_LENGTH = 300


def connect_fault(error: OSError) -> Fault:
    """Name the failure of a connection that was to be made; nothing was sent. Total over the system's errors."""
    return Fault("before", _connect_code(error), f"{type(error).__name__}: {error}"[:_DETAIL_LENGTH])


def _connect_code(error: OSError) -> str:
    match error:
        case TimeoutError():
            return "timeout-connect"
        case ssl.SSLError():
            return "tls"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionError():
            return "connect-reset"
        case _:
            return "unreachable" if error.errno in _UNREACHABLE else "connect"
