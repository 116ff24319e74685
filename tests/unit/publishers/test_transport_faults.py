"""No way to fail to connect is without a name."""

import errno
import os
import ssl

import pytest

from publishers.transport_faults import FAULTS, connect_fault


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), "timeout-connect"),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), "timeout-connect"),
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "refused"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "unreachable"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "unreachable"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "tls"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "tls"),
        (ConnectionResetError(), "connect-reset"),
        (ConnectionAbortedError("SSL handshake is taking too long"), "connect-reset"),
        (OSError(errno.EMFILE, "Too many open files"), "connect"),
        (OSError("something new"), "connect"),
    ],
)
def test_a_failed_connection_is_named_and_nothing_was_sent(error: OSError, code: str) -> None:
    fault = connect_fault(error)
    assert (fault.stage, fault.error) == ("before", code)


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_error_of_the_system_has_a_name_that_is_documented(number: int) -> None:
    fault = connect_fault(OSError(number, os.strerror(number)))
    assert fault.error in FAULTS["before"]
    assert os.strerror(number) in fault.detail


def test_what_is_told_of_it_is_bounded() -> None:
    assert len(connect_fault(OSError("x" * 1000)).detail) == 300
