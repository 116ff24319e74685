"""No way to fail is without a name."""

import inspect

import pytest
from pyreqwest import exceptions as client

from publishers.transport_faults import FAULTS, fault_of


def library_errors() -> list[type[client.PyreqwestError]]:
    return [kind for _, kind in inspect.getmembers(client, inspect.isclass) if issubclass(kind, client.PyreqwestError)]


@pytest.mark.parametrize("kind", library_errors())
def test_every_error_class_of_the_library_is_named(kind: type[client.PyreqwestError]) -> None:
    assert kind in FAULTS


def test_nothing_is_named_that_the_library_does_not_have() -> None:
    assert set(FAULTS) == set(library_errors())


def raised(kind: type[client.DetailedPyreqwestError], *causes: str) -> client.DetailedPyreqwestError:
    return kind("failed", {"causes": [{"message": cause} for cause in causes]})


CONNECTING = ("error sending request for url (http://user:secret@x/)", "client error (Connect)")
SENDING = ("error sending request for url (http://user:secret@x/)", "client error (SendRequest)")


@pytest.mark.parametrize(
    ("causes", "code"),
    [
        ((*CONNECTING, "tcp connect error", "Connection refused (os error 111)"), "refused"),
        ((*CONNECTING, "tcp connect error", "Network is unreachable (os error 101)"), "unreachable"),
        ((*CONNECTING, "tcp connect error", "No route to host (os error 113)"), "unreachable"),
        ((*CONNECTING, "operation timed out"), "timeout-connect"),
        ((*CONNECTING, "invalid peer certificate: UnknownIssuer"), "tls"),
        ((*CONNECTING, "received corrupt message of type InvalidContentType"), "tls"),
        ((*CONNECTING, "dns error", "failed to lookup address information"), "dns"),
        ((*CONNECTING, "something new"), "connect"),
    ],
)
def test_while_connecting_nothing_was_sent(causes: tuple[str, ...], code: str) -> None:
    fault = fault_of(raised(client.ConnectError, *causes))
    assert (fault.stage, fault.error) == ("before", code)
    assert "secret" not in fault.detail


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (client.ConnectError, "reset"),
        (client.ConnectTimeoutError, "timeout"),
        (client.ReadTimeoutError, "timeout"),
        (client.DecodeError, "protocol"),
        (client.BodyDecodeError, "body-cut"),
    ],
)
def test_once_the_request_is_under_way_it_may_have_been_sent(
    kind: type[client.DetailedPyreqwestError], code: str
) -> None:
    fault = fault_of(raised(kind, *SENDING, "connection closed before message completed"))
    assert (fault.stage, fault.error) == ("during", code)
    assert fault.detail == "client error (SendRequest); connection closed before message completed"


def test_an_error_class_of_a_later_version_is_named_after_its_family() -> None:
    class NewTimeout(client.RequestTimeoutError):
        pass

    assert fault_of(raised(NewTimeout, *SENDING)).error == "timeout"
