"""Every way in which the HTTP client fails, by a stable name and the stage it failed at.

The client (reqwest underneath) calls everything up to the answer's head a matter of connecting, so the class alone does
not say whether anything was sent; its list of causes does. A test holds the table to the library's own classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyreqwest import exceptions as client

from store.attempts import Stage


@dataclass(frozen=True, slots=True)
class Fault:
    """The call failed before a whole answer head came."""

    stage: Stage
    error: str
    detail: str


FAULTS: Mapping[type[client.PyreqwestError], tuple[Stage, str]] = {
    client.ConnectTimeoutError: ("during", "timeout"),
    client.ReadTimeoutError: ("during", "timeout"),
    client.WriteTimeoutError: ("during", "timeout"),
    client.PoolTimeoutError: ("before", "pool-timeout"),
    client.RequestTimeoutError: ("during", "timeout"),
    client.ConnectError: ("during", "reset"),
    client.ReadError: ("during", "reset"),
    client.WriteError: ("during", "reset"),
    client.NetworkError: ("during", "reset"),
    client.TransportError: ("during", "transport"),
    client.JSONDecodeError: ("during", "protocol"),
    client.BodyDecodeError: ("during", "body-cut"),
    client.DecodeError: ("during", "protocol"),
    client.RedirectError: ("during", "redirect"),
    client.StatusError: ("during", "protocol"),
    client.ClientClosedError: ("during", "client-closed"),
    client.RequestPanicError: ("during", "client-panic"),
    client.RequestError: ("during", "transport"),
    client.BuilderError: ("before", "request-invalid"),
    client.DetailedPyreqwestError: ("during", "transport"),
    client.PyreqwestError: ("during", "transport"),
}

_CONNECTING = "client error (Connect)"
# What a failed connection says of itself, in this order; nothing was sent in any of them.
_WHILE_CONNECTING = (
    ("operation timed out", "timeout-connect"),
    ("Connection refused", "refused"),
    ("unreachable", "unreachable"),
    ("No route to host", "unreachable"),
    ("dns error", "dns"),
    ("certificate", "tls"),
    ("InvalidContentType", "tls"),
    ("HandshakeFailure", "tls"),
    ("tls", "tls"),
    ("Connection reset", "connect-reset"),
)
_DETAIL_LENGTH = 300


def fault_of(error: client.PyreqwestError) -> Fault:
    """Name the failure; total over the library's family."""
    causes = _causes(error)
    text = "; ".join(causes[1:] or causes)[:_DETAIL_LENGTH]  # the first repeats the URL, which may hold credentials
    stage, code = next(FAULTS[kind] for kind in type(error).__mro__ if kind in FAULTS)
    if _CONNECTING in causes:
        found = (name for words, name in _WHILE_CONNECTING if any(words in cause for cause in causes))
        return Fault("before", next(found, "connect"), text)
    return Fault(stage, code, text)


def _causes(error: client.PyreqwestError) -> list[str]:
    details = getattr(error, "details", None) or {}
    return [cause["message"] for cause in details.get("causes") or []] or [type(error).__name__]
